(** Java's arithmetic is the model's: no value of the rules that run in the member leaves 64 bits.

    [GovernorRule] repeats [govern] and [grant] on Java's [long], which wraps. Here is that rule, operation by operation, with every sum,
    difference and product wrapped to 64 bits; the theorem is that under the bounds that the entry checks on its way in (times in
    [0, 2^62], R_cmd in [0, ONE]) it computes what the model computes. Java's quotient rounds to zero and Coq's down; all dividends here
    are at least 0, where they are the same.

    The sensing half is not repeated in Java, and there 64 bits would not do ([integral_ppm_us * ONE] passes 2^71): the oracle therefore
    uses unbounded numbers. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Factors Posture Assessment Governor Breaker.
From Dolphin.Proofs Require Import Arithmetic Thresholds Deciding BreakerLaws.
Import GovernorParams State.
Open Scope Z_scope.

(** A Java [long]: the 64-bit two's complement of a whole number. *)
Definition long (x : Z) : Z := (x + 2 ^ 63) mod 2 ^ 64 - 2 ^ 63.
Definition add (a b : Z) : Z := long (a + b).
Definition sub (a b : Z) : Z := long (a - b).
Definition times (a b : Z) : Z := long (a * b).
Definition over (a b : Z) : Z := long (Z.quot a b).

Lemma long_is : forall x, - 2 ^ 63 <= x < 2 ^ 63 -> long x = x.
Proof. intros x bound. unfold long. rewrite Z.mod_small; lia. Qed.

Lemma over_is : forall a b, 0 <= a < 2 ^ 63 -> 0 < b -> over a b = a / b.
Proof.
  intros a b bound positive. unfold over. rewrite Z.quot_div_nonneg by lia. apply long_is.
  pose proof (Z.div_pos a b). pose proof (Z.div_le_upper_bound a b a). nia.
Qed.

Section Java.
  Variables (s : State.t) (g : GovernorParams.t) (d : Demand.t).
  Hypothesis g_valid : valid g.
  Hypothesis s_sound : sound s g.

  (** What the entry has checked. *)
  Hypothesis now_in : time_ns s <= Demand.time_ns d <= MAX_NS.
  Hypothesis r_cmd_in : is_ppm (Demand.r_cmd_ppm d).
  Hypothesis since_nonneg : 0 <= posture_since_ns s.

  Definition unseen_java : Z := Z.max 0 (sub (sub (Demand.time_ns d) (time_ns s)) (if is_ready s then seen_ns g else 0)).

  Definition damped_java (r_cmd_ppm now unseen_ns : Z) : Z * Z :=
    if r_cmd_ppm <=? r_ppm s then (r_cmd_ppm, now)
    else
      let from := add (rise_anchor_ns s) unseen_ns in
      let gain_ppm := over (sub now from) (recovery_ns_per_ppm g) in
      if add (r_ppm s) gain_ppm <? r_cmd_ppm
      then (add (r_ppm s) gain_ppm, add from (times gain_ppm (recovery_ns_per_ppm g)))
      else (r_cmd_ppm, now).

  Definition moved_java (r now unseen_ns : Z) : Posture.posture * Z :=
    let since_ns := add (posture_since_ns s) unseen_ns in
    let fell := fallen (posture s) r in
    let next := if (rank fell =? rank (posture s)) && (dwell_ns g <=? sub now since_ns) then risen fell r else fell in
    (next, if rank next =? rank (posture s) then since_ns else now).

  Definition cap_java (p : Posture.posture) (r : Z) : Z := Z.min (posture_cap_ppm p) (over (times MAX_LEVERAGE_PPM r) ONE).

  Lemma unseen_java_is : unseen_java = unseen s d g.
  Proof.
    destruct g_valid, s_sound. unfold unseen_java, unseen, sub, MAX_NS, MS, MINUTE, SECOND in *.
    destruct (is_ready s); rewrite !long_is; rewrite ?long_is; lia.
  Qed.

  Lemma damped_java_is :
    damped_java (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) = damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g.
  Proof.
    pose proof (unseen_bounds s g g_valid d ltac:(lia)) as U. destruct g_valid, s_sound.
    unfold is_ppm, MAX_NS, MS, HOUR, MINUTE, SECOND, ONE in *. unfold damped_java, damped.
    destruct (Z.leb_spec (Demand.r_cmd_ppm d) (r_ppm s)); [reflexivity |].
    assert (- 2 ^ 62 <= rise_anchor_ns s) by lia.
    unfold add, sub, times. rewrite (long_is (rise_anchor_ns s + unseen s d g)) by lia.
    set (from := rise_anchor_ns s + unseen s d g) in *.
    assert (0 <= Demand.time_ns d - from < 2 ^ 63) by lia.
    rewrite (long_is (Demand.time_ns d - from)) by lia. rewrite over_is by lia.
    set (gain := (Demand.time_ns d - from) / recovery_ns_per_ppm g) in *.
    assert (0 <= gain) by (apply Z.div_pos; lia).
    assert (recovery_ns_per_ppm g * gain <= Demand.time_ns d - from) by (apply Z.mul_div_le; lia).
    assert (gain <= Demand.time_ns d - from) by nia.
    assert (gain * 6000000 <= 2 ^ 63) by nia.
    rewrite (long_is (r_ppm s + gain)) by lia.
    rewrite (long_is (gain * recovery_ns_per_ppm g)) by lia.
    rewrite (long_is (from + gain * recovery_ns_per_ppm g)) by lia.
    destruct (Z.ltb_spec (r_ppm s + gain) (Demand.r_cmd_ppm d)), (Z.leb_spec (Demand.r_cmd_ppm d) (r_ppm s + gain));
      try lia; reflexivity.
  Qed.

  Lemma moved_java_is : forall r, moved_java r (Demand.time_ns d) (unseen s d g) = moved s r (Demand.time_ns d) (unseen s d g) g.
  Proof.
    intros r. pose proof (unseen_bounds s g g_valid d ltac:(lia)) as U. destruct s_sound.
    unfold moved_java, moved, add, sub, MAX_NS in *.
    rewrite (long_is (posture_since_ns s + unseen s d g)) by lia.
    rewrite (long_is (Demand.time_ns d - (posture_since_ns s + unseen s d g))) by lia. reflexivity.
  Qed.

  Lemma cap_java_is : forall p r, is_ppm r -> cap_java p r = cap p r.
  Proof.
    intros p r R. unfold cap_java, cap, mul, times, is_ppm, MAX_LEVERAGE_PPM in *.
    rewrite long_is by ppm. rewrite over_is by ppm. reflexivity.
  Qed.

  (** Theorem 8: [GovernorRule.recovered], which is all of the rule that computes, in Java's arithmetic. *)
  Theorem java_computes_the_model :
    unseen_java = unseen s d g
    /\ damped_java (Demand.r_cmd_ppm d) (Demand.time_ns d) unseen_java = damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g
    /\ (forall r, moved_java r (Demand.time_ns d) unseen_java = moved s r (Demand.time_ns d) (unseen s d g) g)
    /\ (forall p r, is_ppm r -> cap_java p r = cap p r).
  Proof.
    rewrite unseen_java_is. exact (conj eq_refl (conj damped_java_is (conj moved_java_is cap_java_is))).
  Qed.
End Java.

(** [BreakerRule]: the end of a hold, and the product of a noisy-or. *)
Section Breaker.
  Variables (p : BreakerParams.t) (now_ns episodes : Z).
  Hypothesis p_valid : BreakerParams.valid p.
  Hypothesis now_in : 0 <= now_ns <= MAX_NS.
  Hypothesis episodes_in : 1 <= episodes <= MAX_EPISODES.

  (** Java's rounding up to whole steps. *)
  Definition whole_steps_java (at_ns : Z) : Z := times (over (sub (add at_ns HOLD_STEP_NS) 1) HOLD_STEP_NS) HOLD_STEP_NS.

  Definition hold_ends_java : Z :=
    whole_steps_java (add now_ns (Z.min (times (BreakerParams.hold_ns p) (2 ^ Z.max 0 (episodes - 1))) (BreakerParams.hold_max_ns p))).

  Lemma rounded_up : forall x step, 0 < step -> - (- x / step) = (x + step - 1) / step.
  Proof.
    intros x step positive. pose proof (Z.div_mod (x + step - 1) step ltac:(lia)). pose proof (Z.mod_pos_bound (x + step - 1) step positive).
    assert (- ((x + step - 1) / step) = - x / step); [| lia].
    apply Z.div_unique with (step * ((x + step - 1) / step) - x); lia.
  Qed.

  Theorem java_ends_the_hold_as_the_model : hold_ends_java = hold_ends now_ns episodes p.
  Proof.
    destruct p_valid. unfold MAX_NS, MAX_EPISODES, HOUR, MINUTE, SECOND in *. unfold hold_ends_java, hold_ends, whole_steps_java.
    assert (1 <= 2 ^ Z.max 0 (episodes - 1) <= 128) as doubled.
    { split; [pose proof (Z.pow_pos_nonneg 2 (Z.max 0 (episodes - 1))); lia |].
      change 128 with (2 ^ 7). apply Z.pow_le_mono_r; lia. }
    unfold times at 2. rewrite (long_is (BreakerParams.hold_ns p * 2 ^ Z.max 0 (episodes - 1))) by nia.
    set (hold := Z.min (BreakerParams.hold_ns p * 2 ^ Z.max 0 (episodes - 1)) (BreakerParams.hold_max_ns p)).
    assert (0 <= hold <= 86400000000000) by (unfold hold; nia).
    unfold add, sub, times. rewrite (long_is (now_ns + hold)) by lia.
    unfold HOLD_STEP_NS in *. rewrite (long_is (now_ns + hold + 10000000000)) by lia.
    rewrite (long_is (now_ns + hold + 10000000000 - 1)) by lia. rewrite over_is by lia.
    rewrite rounded_up by lia.
    pose proof (Z.mul_div_le (now_ns + hold + 10000000000 - 1) 10000000000 ltac:(lia)).
    pose proof (Z.div_pos (now_ns + hold + 10000000000 - 1) 10000000000 ltac:(lia) ltac:(lia)).
    apply long_is. lia.
  Qed.

  Theorem java_multiplies_ppm_as_the_model : forall a b, is_ppm a -> is_ppm b -> over (times a b) ONE = mul a b.
  Proof.
    intros a b A B. unfold is_ppm, ONE in *. unfold times. rewrite long_is by nia. rewrite over_is by nia. reflexivity.
  Qed.
End Breaker.
