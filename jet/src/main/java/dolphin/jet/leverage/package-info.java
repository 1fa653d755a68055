/**
 * The leverage entry processor: the one rule that runs where the state lives.
 *
 * <p>{@code BreakerRule}, {@code AccountRule} and {@code ManualCut} repeat {@code
 * dolphin.control.acb}, {@code .account} and {@code .manual} in integers, without Hazelcast; {@code
 * LeverageEntry} is {@code dolphin.control.entry}: value and signal in, value and answer out, as
 * bytes. {@code tests/contract/acb_vectors.jsonl} holds both languages to the same bits. {@code
 * ApplyLeverage} and {@code SetLeverage} are the thin shell that Hazelcast calls.
 */
package dolphin.jet.leverage;
