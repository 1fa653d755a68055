/**
 * The entry processors of the gate maps: the rules that run where the state lives.
 *
 * <p>{@code BreakerRule}, {@code AccountRule}, {@code ManualCut}, {@code PostureRule} and {@code
 * GovernorRule} repeat {@code dolphin.core.control.breaker}, {@code .account_gate}, {@code
 * .manual_cut}, {@code .posture_gate} and {@code .governor} in integers, without Hazelcast; {@code
 * GateEntry} is {@code dolphin.core.control.gate_entry}: value and signal in, value and answer out,
 * as bytes. {@code tests/contract/gate_vectors.jsonl} holds both languages to the same bits. {@code
 * ApplyLeverage}, {@code ApplyPosture} and {@code SetEntry} are the thin shell that Hazelcast
 * calls.
 */
package dolphin.jet.gates;
