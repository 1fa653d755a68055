(** The whole controller, readings to grant, in one step; and what its invariant is.

    A step is a Coq function, so it ends with a result for every memory, state and input of its types (theorem 6): readings are any integer or
    nothing, parameters any that are valid, and what Python may find in place of an integer (a float, a NaN, a text, a bool) is [None] before
    it gets here ([as_int]). What [None] does is said below: it is the worst reading. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Factors Posture Assessment Governor Survival.
From Dolphin.Proofs Require Import Arithmetic FactorLaws Sensing SensingMonotony Thresholds Deciding.
Import Controller.
Open Scope Z_scope.

Section Whole.
  Variables (p : SurvivalParams.t) (g : GovernorParams.t).
  Hypothesis p_valid : SurvivalParams.valid p.
  Hypothesis g_valid : GovernorParams.valid g.

  Definition grant_of (s : Controller.t) (i : Inputs.t) : Grant.t := snd (snd (step s i p g)).
  Definition demand_of (s : Controller.t) (i : Inputs.t) : Demand.t := fst (snd (step s i p g)).

  Record sound (s : Controller.t) : Prop := {
    memory_sound : Sensing.sound (memory s) p;
    governed_sound : Deciding.sound (governed s) g;
  }.

  Lemma step_is : forall s i, step s i p g =
    let d := snd (assess (memory s) i p) in
    ({| memory := fst (assess (memory s) i p); governed := govern (governed s) d g |}, (d, grant (govern (governed s) d g))).
  Proof. intros. unfold step. destruct (assess (memory s) i p). reflexivity. Qed.

  Lemma demand_readable : forall s i, sound s -> readable (snd (assess (memory s) i p)).
  Proof.
    intros s i []. pose proof (r_cmd_is_at_most_r_raw (memory s) p p_valid memory_sound0 i).
    pose proof (r_raw_is_ppm (memory s) p p_valid memory_sound0 i). pose proof (now_nonneg (memory s) p p_valid memory_sound0 i).
    split; [rewrite demand_is; cbn [Demand.time_ns]; assumption |]. unfold is_ppm in *. lia.
  Qed.

  Theorem initial_is_sound : sound {| memory := fresh; governed := State.initial |}.
  Proof.
    split; cbn [memory governed]; [exact (fresh_is_sound fresh p p_valid) |].
    destruct g_valid. unfold MS in *. split; cbn [State.initial State.time_ns State.r_ppm State.rise_anchor_ns State.posture_since_ns];
      unfold is_ppm; ppm.
  Qed.

  (** The invariant is kept by every step, whatever is read. *)
  Theorem sound_step : forall s i, sound s -> sound (fst (step s i p g)).
  Proof.
    intros s i S. pose proof (demand_readable s i S) as R. destruct S. rewrite step_is. split; cbn [fst memory governed].
    - apply Sensing.sound_after; assumption.
    - apply Deciding.sound_after; assumption.
  Qed.

  (** A sensing half that starts anew, with the deciding half as it was. *)
  Theorem sound_with_fresh_memory : forall s, sound s -> sound {| memory := fresh; governed := governed s |}.
  Proof. intros s []. split; cbn [memory governed]; [exact (fresh_is_sound fresh p p_valid) | assumption]. Qed.

  (** Theorem 2: any factor at 0 is a cap of 0 in the same step. *)
  Theorem a_factor_of_zero_is_a_cap_of_zero : forall s i, sound s ->
    let f := Demand.factors_ppm (demand_of s i) in
    Factored.f1_ppm f = 0 \/ Factored.f2_ppm f = 0 \/ Factored.f3_ppm f = 0 \/ Factored.f4_ppm f = 0 \/ Factored.f5_ppm f = 0 ->
    Grant.cap_ppm (grant_of s i) = 0 /\ Grant.r_ppm (grant_of s i) = 0.
  Proof.
    intros s i S f zero. pose proof S as []. pose proof (demand_readable s i S) as R.
    pose proof (r_raw_is_at_most_each_factor (memory s) p p_valid memory_sound0 i) as (bound & L1 & L2 & L3 & L4 & L5).
    pose proof (r_cmd_is_at_most_r_raw (memory s) p p_valid memory_sound0 i) as cmd.
    assert (f = factors (memory s) i p) as same
      by (unfold f, demand_of; rewrite step_is; cbn [fst snd]; rewrite demand_is; reflexivity).
    rewrite same in zero.
    unfold grant_of. rewrite step_is. cbn [snd]. apply zero_in_zero_out; try assumption. lia.
  Qed.

  (** The cap is at most what the posture allows, and at most 6x of R. *)
  Theorem the_cap_is_bounded : forall s i, sound s -> let granted := grant_of s i in
    0 <= Grant.cap_ppm granted
    /\ Grant.cap_ppm granted <= posture_cap_ppm (Grant.posture granted)
    /\ Grant.cap_ppm granted <= 6 * Grant.r_ppm granted
    /\ Grant.r_ppm granted <= Demand.r_cmd_ppm (demand_of s i).
  Proof.
    intros s i S granted. pose proof (demand_readable s i S) as R. pose proof S as [M G].
    pose proof (Deciding.sound_after (governed s) g g_valid G _ R) as after. destruct after as [_ r_after _ _].
    unfold granted, grant_of, demand_of. rewrite step_is. cbn [fst snd].
    set (d := snd (assess (memory s) i p)) in *. unfold is_ppm in *.
    assert (State.is_latched (govern (governed s) d g) = false -> State.is_ready (govern (governed s) d g) = true ->
            State.r_ppm (govern (governed s) d g) <= Demand.r_cmd_ppm d) as under.
    { intros unlatched ready. unfold govern in *.
      destruct (_ || _); [discriminate |]. destruct (negb (Demand.is_ready d)); [discriminate |].
      destruct (negb (State.is_started (governed s))); [cbn; lia |].
      match goal with |- context [damped ?s ?c ?t ?u ?g] => pose proof (damped_le_cmd s g c t u) as le; destruct (damped s c t u g) as [r a] end.
      match goal with |- context [moved ?s ?r ?t ?u ?g] => destruct (moved s r t u g) end. exact le. }
    unfold grant. destruct (State.is_latched _) eqn:L; [cbn; destruct R; unfold is_ppm in *; lia |].
    destruct (State.is_ready _) eqn:Y; [| cbn; destruct R; unfold is_ppm in *; lia].
    cbn [orb negb Grant.cap_ppm Grant.posture Grant.r_ppm]. specialize (under eq_refl eq_refl).
    pose proof (cap_nonneg (stricter (State.posture (govern (governed s) d g)) (State.ceiling (govern (governed s) d g)))
                  (State.r_ppm (govern (governed s) d g)) ltac:(lia)).
    unfold cap in *.
    assert (mul MAX_LEVERAGE_PPM (State.r_ppm (govern (governed s) d g)) <= 6 * State.r_ppm (govern (governed s) d g)).
    { unfold mul, MAX_LEVERAGE_PPM. apply Z.div_le_upper_bound; ppm. }
    lia.
  Qed.

  (** Theorem 3: worsening any reading, or any number of them, never raises R or the cap, nor makes the posture milder. *)
  Theorem worse_readings_never_grant_more : forall s w b, sound s -> worse (memory s) p w b ->
    Grant.cap_ppm (grant_of s w) <= Grant.cap_ppm (grant_of s b)
    /\ Grant.r_ppm (grant_of s w) <= Grant.r_ppm (grant_of s b)
    /\ rank (Grant.posture (grant_of s b)) <= rank (Grant.posture (grant_of s w)).
  Proof.
    intros s w b S order. pose proof S as []. unfold grant_of. rewrite !step_is. cbn [snd].
    apply govern_mono; try assumption; try (apply demand_readable; exact S).
    exact (assess_mono (memory s) p w b p_valid memory_sound0 order).
  Qed.

  (** Theorem 6: a reading that is missing, or is out of range, is the worst: putting nothing in its place is never better. *)
  Theorem nothing_is_the_worst_reading : forall low high reading,
    more_is_worse low high None reading /\ less_is_worse low high None reading.
  Proof. intros. split; exact I. Qed.

  Theorem no_claim_is_the_worst_claim : forall claim, yes_is_worse None claim.
  Proof. intros. exact I. Qed.

  Theorem no_verdict_is_the_worst_verdict : forall v, verdict_is_worse None v.
  Proof. intros [[] |]; unfold verdict_is_worse; cbn; ppm. Qed.

  (** All at once: with no reading at all nothing is granted. *)
  Definition silence : Inputs.t :=
    {| Inputs.now_ns := None; Inputs.heartbeat_age_ns := None; Inputs.is_broken := false; Inputs.envelope_age_ns := None;
       Inputs.envelope_verdict := None; Inputs.jitter_ns := None; Inputs.latency_ns := None; Inputs.depth_ratio_ppm := None;
       Inputs.spread_ratio_ppm := None; Inputs.is_taker_shock := None; Inputs.is_plunge := None; Inputs.is_dvol_shock := None;
       Inputs.drawdown_ppm := None |}.

  Theorem silence_is_zero : forall s, Grant.cap_ppm (grant_of s silence) = 0.
  Proof.
    intros s. unfold grant_of. rewrite step_is. cbn [snd]. rewrite grant_latched; [reflexivity |].
    apply govern_broken. left. rewrite demand_is. reflexivity.
  Qed.
End Whole.
