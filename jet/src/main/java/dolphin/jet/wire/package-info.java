/**
 * What the other packages say to each other, and nothing that decides: the two items that flow
 * ({@code Batch}, {@code Row}) with the ids by which Python knows them, what an entry processor
 * looks like to a pipeline ({@code PayloadProcessor}), and the call that ends a wait ({@code
 * Waker}).
 *
 * <p>A package whose classes cross the wire has a serializer factory of its own, so that none has
 * to know all; {@code docs/contracts.md} lists the ids.
 */
package dolphin.jet.wire;
