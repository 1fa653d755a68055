/** A cluster member as a process of its own, which starts whole or says in one line why not. */
package dolphin.jet.member;
