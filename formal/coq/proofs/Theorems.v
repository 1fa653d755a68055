(** The theorems by number, as docs/formal.md lists them, and what each of them rests on.

    Each line prints "Closed under the global context": no axiom, nothing admitted. tests/formal/test_proofs.py counts them. *)

From Dolphin.Proofs Require Import Sensing Deciding Rate Dwell Whole Long BreakerLaws.

(* The invariant: the first state keeps to it, and every step keeps it. *)
Print Assumptions Whole.initial_is_sound.
Print Assumptions Whole.sound_step.
Print Assumptions Rate.consistent_run.

(* 1. R_raw is in [0, ONE] and at most each factor. *)
Print Assumptions Sensing.r_raw_is_at_most_each_factor.
Print Assumptions Whole.the_cap_is_bounded.

(* 2. Any factor at 0 is a cap of 0 in the same step. *)
Print Assumptions Whole.a_factor_of_zero_is_a_cap_of_zero.

(* 3. Worsening readings never raises R or the cap. *)
Print Assumptions Whole.worse_readings_never_grant_more.

(* 4. R never rises faster than the rate, over any stretch, across full stops. *)
Print Assumptions Rate.r_never_rises_faster_than_the_rate.

(* 5. Nothing moves within a band; a rise is one rung, after the dwell. *)
Print Assumptions Deciding.no_change_within_a_band.
Print Assumptions Deciding.a_rise_is_one_rung_after_a_dwell.
Print Assumptions Dwell.a_rise_keeps_the_dwell.
Print Assumptions Dwell.faithful_next.
Print Assumptions Dwell.initial_is_faithful.

(* 6. What is missing is the worst. *)
Print Assumptions Whole.nothing_is_the_worst_reading.
Print Assumptions Whole.no_claim_is_the_worst_claim.
Print Assumptions Whole.no_verdict_is_the_worst_verdict.
Print Assumptions Whole.silence_is_zero.

(* 7. A latch is 0 until a release, and a release is refused while something is broken. *)
Print Assumptions Rate.broken_is_zero_at_once.
Print Assumptions Rate.latched_is_zero_until_a_release.
Print Assumptions Rate.a_latch_ends_only_by_a_release.
Print Assumptions Rate.a_release_is_refused_while_broken.
Print Assumptions Rate.nothing_is_granted_after_a_full_stop.

(* 8. Java's 64 bits compute the model. *)
Print Assumptions Long.java_computes_the_model.
Print Assumptions Long.java_ends_the_hold_as_the_model.
Print Assumptions Long.java_multiplies_ppm_as_the_model.

(* The adaptive cut-off and the account. *)
Print Assumptions BreakerLaws.combined_is_at_least_each.
Print Assumptions BreakerLaws.combined_mono.
Print Assumptions BreakerLaws.a_cut_is_at_once.
Print Assumptions BreakerLaws.the_level_is_at_least_the_target.
Print Assumptions BreakerLaws.loosening_is_one_level_when_all_is_clear.
Print Assumptions BreakerLaws.one_doubtful_source_keeps_the_cut.
Print Assumptions BreakerLaws.what_is_not_clear_counts_as_no_clear.
Print Assumptions BreakerLaws.a_latch_needs_a_trip.
Print Assumptions BreakerLaws.two_readings_of_three.
Print Assumptions BreakerLaws.the_hold_is_bounded.
Print Assumptions BreakerLaws.a_hold_is_never_shortened.
Print Assumptions BreakerLaws.the_entry_cap_is_bounded.
Print Assumptions BreakerLaws.an_unreadable_level_is_the_worst.
Print Assumptions BreakerLaws.the_account_cap_is_bounded.
Print Assumptions BreakerLaws.an_old_signal_is_refused.
