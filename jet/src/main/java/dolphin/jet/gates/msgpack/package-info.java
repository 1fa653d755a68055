/**
 * MessagePack in memory, as far as the gates need it: whole messages, read without trust and
 * written without a buffer to be cleared.
 *
 * <p>A gate's value is read and written for every signal, on the thread of its partition. A library
 * reads streams and any value; what that cost was a third of a renewal.
 */
package dolphin.jet.gates.msgpack;
