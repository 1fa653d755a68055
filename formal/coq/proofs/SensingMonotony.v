(** A worse reading never asks for more: R_cmd of one step from the same memory.

    One step is what can be claimed. Over several the derivative stands against it by design: readings that were worse ten seconds ago leave
    a lower peak, and so a smaller fall from it now. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Factors Assessment.
From Dolphin.Proofs Require Import Arithmetic FactorLaws Sensing.
Import SurvivalParams Inputs Factored.
Open Scope Z_scope.

(** [w] is at least as bad as [b] in every reading. A time that cannot be used is worse than any other; two usable ones are not compared. *)
Record worse (m : Memory.t) (p : SurvivalParams.t) (w b : Inputs.t) : Prop := {
  worse_now : is_back m w p = true \/ now_ns w = now_ns b;
  worse_broken : is_broken b = true -> is_broken w = true;
  worse_heartbeat : more_is_worse 0 MAX_NS (heartbeat_age_ns w) (heartbeat_age_ns b);
  worse_envelope : more_is_worse 0 MAX_NS (envelope_age_ns w) (envelope_age_ns b);
  worse_verdict : verdict_is_worse (envelope_verdict w) (envelope_verdict b);
  worse_jitter : more_is_worse 0 MAX_NS (jitter_ns w) (jitter_ns b);
  worse_latency : more_is_worse 0 MAX_NS (latency_ns w) (latency_ns b);
  worse_depth : less_is_worse 0 MAX_NS (depth_ratio_ppm w) (depth_ratio_ppm b);
  worse_spread : more_is_worse 0 MAX_NS (spread_ratio_ppm w) (spread_ratio_ppm b);
  worse_taker : yes_is_worse (is_taker_shock w) (is_taker_shock b);
  worse_plunge : yes_is_worse (is_plunge w) (is_plunge b);
  worse_dvol : yes_is_worse (is_dvol_shock w) (is_dvol_shock b);
  worse_drawdown : more_is_worse (- MAX_NS) MAX_NS (drawdown_ppm w) (drawdown_ppm b);
}.

(** [w] asks for no more than [b]: it asks for nothing at all (broken or not ready), or for at most as much at the same time. *)
Definition no_more (w b : Demand.t) : Prop :=
  Demand.is_broken w = true \/ Demand.is_ready w = false
  \/ Demand.is_broken b = false /\ Demand.is_ready b = true
     /\ Demand.time_ns w = Demand.time_ns b /\ Demand.r_cmd_ppm w <= Demand.r_cmd_ppm b.

Lemma more_missing : forall low high w b, more_is_worse low high w b ->
  is_none (as_int b low high) = true -> is_none (as_int w low high) = true.
Proof. unfold more_is_worse. intros low high w b. destruct (as_int w low high), (as_int b low high); cbn; tauto. Qed.

Lemma less_missing : forall low high w b, less_is_worse low high w b ->
  is_none (as_int b low high) = true -> is_none (as_int w low high) = true.
Proof. unfold less_is_worse. intros low high w b. destruct (as_int w low high), (as_int b low high); cbn; tauto. Qed.

Lemma claim_missing : forall w b, yes_is_worse w b -> is_none b = true -> is_none w = true.
Proof. intros [[] |] [[] |]; cbn; tauto. Qed.

Lemma claim_shock : forall w b, yes_is_worse w b -> is_shock b = true -> is_shock w = true.
Proof. intros [[] |] [[] |]; cbn; tauto. Qed.

Lemma or_true : forall a b a' b' : bool, (a = true -> a' = true) -> (b = true -> b' = true) -> a || b = true -> a' || b' = true.
Proof. intros [] [] [] []; cbn; auto. Qed.

Lemma and_true : forall w a a' : bool, (a = true -> a' = true) -> w && a = true -> w && a' = true.
Proof. intros [] a a'; cbn; auto. Qed.

Section Monotony.
  Variables (m : Memory.t) (p : SurvivalParams.t) (w b : Inputs.t).
  Hypothesis p_valid : valid p.
  Hypothesis m_sound : sound m p.
  Hypothesis w_worse : worse m p w b.

  Lemma missing_mono : is_missing b p = true -> is_missing w p = true.
  Proof.
    destruct w_worse. unfold is_missing.
    repeat (apply or_true; [| apply and_true; eauto using more_missing, less_missing, claim_missing]).
    apply more_missing. assumption.
  Qed.

  Lemma ready_mono : is_ready m w p = true -> is_ready m b p = true.
  Proof.
    unfold is_ready. pose proof missing_mono. destruct (Memory.is_started m); [reflexivity |].
    destruct (is_missing b p), (is_missing w p); cbn; auto; discriminate.
  Qed.

  Section SameTime.
    Hypothesis usable : is_back m w p = false.

    Lemma same_reading : now_ns w = now_ns b.
    Proof. destruct (worse_now m p w b w_worse) as [back | same]; [congruence | exact same]. Qed.

    Lemma same_clock : clock m w p = clock m b p.
    Proof. unfold clock. rewrite same_reading. reflexivity. Qed.

    (** In a step that is ready: not started and ready means that the heartbeat was heard. *)
    Lemma broken_mono : is_ready m w p = true -> broken m b p (is_back m b p) = true -> broken m w p (is_back m w p) = true.
    Proof.
      intros ready. destruct w_worse as [_ broken_order heartbeat_order _ _ _ _ _ _ _ _ _ _].
      unfold is_back. rewrite same_clock. unfold broken.
      destruct (is_broken b); [rewrite (broken_order eq_refl); reflexivity |].
      destruct (snd (clock m b p)); [destruct (is_broken w); reflexivity |].
      destruct (is_broken w); [reflexivity |]. cbn [orb].
      unfold more_is_worse in heartbeat_order. unfold is_ready in ready.
      destruct (as_int (heartbeat_age_ns w) 0 MAX_NS) as [y |] eqn:read_w.
      - destruct (as_int (heartbeat_age_ns b) 0 MAX_NS) as [x |]; [| contradiction].
        intros late. apply Z.ltb_lt in late. apply Z.ltb_lt. lia.
      - (* the worse heartbeat is unreadable: only a memory that has started is ready, and to that it is broken *)
        intros _. unfold is_missing in ready. rewrite read_w in ready. cbn [is_none orb negb] in ready. rewrite orb_false_r in ready. exact ready.
    Qed.

    Lemma f3_mono : f3 w p <= f3 b p.
    Proof.
      destruct w_worse. unfold f3.
      pose proof (f3_jitter_antitone p p_valid _ _ worse_jitter0) as J.
      pose proof (f3_latency_antitone p p_valid _ _ worse_latency0) as L.
      pose proof (f3_depth_mono p p_valid _ _ worse_depth0) as D.
      pose proof (f3_jitter_is_ppm p p_valid (jitter_ns w)) as Jw. pose proof (f3_jitter_is_ppm p p_valid (jitter_ns b)) as Jb.
      pose proof (f3_latency_is_ppm p p_valid (latency_ns w)) as Lw. pose proof (f3_depth_is_ppm p p_valid (depth_ratio_ppm w)) as Dw.
      unfold is_ppm in *. assert (0 <= ONE <= ONE) by ppm.
      destruct (Wired.jitter (wired p)), (Wired.latency (wired p)), (Wired.depth (wired p));
        repeat first [ apply Z.le_refl | assumption
                     | apply mul_mono; split; try lia; repeat (apply mul_nonneg; try lia) ].
    Qed.

    Lemma recovery_level_mono : recovery_level w p <= recovery_level b p.
    Proof.
      destruct w_worse. unfold recovery_level.
      pose proof (f4_depth_level_mono p p_valid _ _ worse_depth0).
      pose proof (f4_spread_level_antitone p p_valid _ _ worse_spread0).
      destruct (Wired.depth (wired p)), (Wired.spread (wired p)); lia.
    Qed.

    (** A shock in the better step is one in the worse. *)
    Lemma shock_mono : forall n,
      shock m w p n = n \/ shock m w p n = Memory.shock_at_ns m /\ shock m b p n = Memory.shock_at_ns m.
    Proof.
      intros n. destruct w_worse. unfold shock.
      destruct (_ || _ || _) eqn:shock_w; [left; reflexivity | right].
      destruct (Wired.taker (wired p) && is_shock (is_taker_shock b) || Wired.plunge (wired p) && is_shock (is_plunge b)
                || Wired.dvol (wired p) && is_shock (is_dvol_shock b)) eqn:shock_b; [| split; reflexivity].
      exfalso. apply eq_true_false_abs with (2 := shock_w). revert shock_b.
      repeat (apply or_true; [| apply and_true; apply claim_shock; assumption]). apply and_true, claim_shock. assumption.
    Qed.

    Lemma f4_mono : fst (f4 w p (now m w p) (shock m w p (now m w p))) <= fst (f4 b p (now m b p) (shock m b p (now m b p))).
    Proof.
      assert (now m w p = now m b p) as same by (unfold now; rewrite same_clock; reflexivity). rewrite same.
      pose proof (f4_bounds m p p_valid m_sound b) as bound_b.
      pose proof (now_nonneg m p p_valid m_sound b) as nonneg.
      pose proof (clock_bounds m p p_valid m_sound b) as [later _].
      pose proof (shock_at m p p_valid m_sound b) as at_b.
      set (n := now m b p) in *.
      destruct (shock_mono n) as [at_w | [at_w same_b]].
      - (* a shock now: f4 is what is left right after one *)
        rewrite at_w. unfold f4 at 1. destruct (Z.eqb_spec n NO_SHOCK) as [none | _]; [unfold NO_SHOCK in none; lia |]. cbn [fst].
        pose proof (f4_recovery_age_nonneg p p_valid (recovery_level w p)).
        replace (Z.min (n - n) (f4_recovery_age (recovery_level w p) p)) with 0 by lia.
        assert (f4_recovery 0 p = shock_ppm p) as start; [| lia].
        destruct p_valid. unfold f4_recovery, MINUTE, SECOND in *. destruct (Z.leb_spec (shock_recovery_ns p) 0); [lia |].
        rewrite Z.mul_0_r, Z.div_0_l; lia.
      - rewrite at_w. rewrite same_b in *. unfold f4.
        destruct (Z.eqb_spec (Memory.shock_at_ns m) NO_SHOCK) as [none | some]; cbn [fst]; [lia |].
        destruct at_b as [? | at_b]; [contradiction |].
        pose proof (f4_recovery_age_nonneg p p_valid (recovery_level w p)).
        pose proof (f4_recovery_age_mono p p_valid _ _ recovery_level_mono).
        apply f4_recovery_mono; [exact p_valid | lia].
    Qed.

    Lemma r_raw_mono : is_ready m w p = true -> r_raw m w p <= r_raw m b p.
    Proof.
      intros ready. destruct (factors_are_ppm m p p_valid m_sound w) as (P1 & P2 & P3 & P4 & P5).
      pose proof (broken_mono ready) as f1_order. pose proof f3_mono. pose proof f4_mono.
      unfold r_raw. apply product_mono; try assumption; rewrite !factors_are; cbn [f1_ppm f2_ppm f3_ppm f4_ppm f5_ppm];
        try assumption; destruct w_worse.
      - destruct (broken m b p (is_back m b p)).
        + rewrite f1_order by reflexivity. lia.
        + pose proof (f1_is_ppm (negb (broken m w p (is_back m w p)))) as F. exact (proj2 F).
      - destruct (Wired.envelope (wired p)); [apply f2_antitone; assumption | lia].
      - destruct (Wired.equity (wired p)); [apply f5_antitone; assumption | lia].
    Qed.

    Lemma r_started_mono : is_ready m w p = true -> r_started m w p <= r_started m b p.
    Proof.
      intros ready. pose proof (r_raw_mono ready) as order.
      pose proof (r_raw_is_ppm m p p_valid m_sound w) as Rw. pose proof (r_raw_is_ppm m p p_valid m_sound b) as Rb.
      assert (elapsed m w p = elapsed m b p) as same_elapsed by (unfold elapsed; rewrite same_clock; reflexivity).
      assert (now m w p = now m b p) as same_now by (unfold now; rewrite same_clock; reflexivity).
      pose proof (clock_bounds m p p_valid m_sound b) as [_ E].
      pose proof (peaks_not_empty m p m_sound) as some.
      unfold r_started. rewrite same_elapsed, same_now. unfold is_ppm in Rw, Rb.
      apply command_mono; try assumption.
      - split; [apply integral_bounds; exact p_valid |]. apply integral_antitone; lia.
      - rewrite largest_peaks by (lia || exact some). lia.
      - rewrite !largest_peaks by (lia || exact some). lia.
    Qed.
  End SameTime.

  (** Theorem 3, the sensing half. *)
  Theorem assess_mono : no_more (snd (assess m w p)) (snd (assess m b p)).
  Proof.
    rewrite !demand_is. unfold no_more.
    cbn [Demand.is_broken Demand.is_ready Demand.time_ns Demand.r_cmd_ppm].
    destruct (is_back m w p) eqn:back.
    { left. unfold broken. rewrite orb_true_r. reflexivity. }
    destruct (broken m w p false) eqn:broken_w; [left; reflexivity | right].
    destruct (is_ready m w p) eqn:ready_w; [right | left; reflexivity].
    pose proof (ready_mono ready_w) as ready_b. rewrite ready_b.
    repeat split.
    - destruct (broken m b p (is_back m b p)) eqn:broken_b; [| reflexivity].
      pose proof (broken_mono back ready_w broken_b) as contrary. rewrite back in contrary. congruence.
    - unfold now. rewrite same_clock by exact back. reflexivity.
    - apply r_started_mono; assumption.
  Qed.
End Monotony.
