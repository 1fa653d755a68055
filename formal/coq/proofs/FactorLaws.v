(** Each factor lies in [0, ONE], and a worse reading never gives a larger one.

    The order on readings: what is missing, unreadable or out of range is the worst; among readable ones more is worse, or less is. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Tables Params Factors.
From Dolphin.Proofs Require Import Arithmetic.
Import SurvivalParams.
Open Scope Z_scope.

(** * The order on readings *)

Definition more_is_worse (low high : Z) (worse better : option Z) : Prop :=
  match as_int worse low high, as_int better low high with
  | None, _ => True
  | Some _, None => False
  | Some w, Some b => b <= w
  end.

Definition less_is_worse (low high : Z) (worse better : option Z) : Prop :=
  match as_int worse low high, as_int better low high with
  | None, _ => True
  | Some _, None => False
  | Some w, Some b => w <= b
  end.

(** Of a claim that something bad happened: missing is worse than yes, yes is worse than no. *)
Definition yes_is_worse (worse better : option bool) : Prop :=
  match worse, better with
  | None, _ => True
  | Some true, Some _ => True
  | Some false, Some false => True
  | _, _ => False
  end.

(** [inside] is better than [edge], which is better than [outside] and anything else. *)
Definition verdict_is_worse (worse better : option verdict) : Prop := VERDICTS worse <= VERDICTS better.

Lemma as_int_bounds : forall reading low high x, as_int reading low high = Some x -> low <= x <= high.
Proof.
  intros [y |] low high x; cbn; [| discriminate].
  destruct (Z.leb_spec low y), (Z.leb_spec y high); cbn; intros E; inversion E; lia.
Qed.

(** * The tables *)

Lemma envelope_descends : descends ENVELOPE_DECADE = true.
Proof. reflexivity. Qed.

Lemma stress_descends : descends CAPITAL_STRESS = true.
Proof. reflexivity. Qed.

(** * Bounds *)

Section Bounds.
  Variable p : SurvivalParams.t.
  Hypothesis p_valid : valid p.

  Lemma f1_is_ppm : forall is_intact, is_ppm (f1 is_intact).
  Proof. intros []; unfold is_ppm; cbn; ppm. Qed.

  Lemma verdict_is_ppm : forall v, is_ppm (VERDICTS v).
  Proof. intros [[] |]; unfold is_ppm; cbn; ppm. Qed.

  (** A decade of decay divides by ten. *)
  Lemma decayed_is_ppm : forall x decades, is_ppm x -> 0 <= decades -> is_ppm (x / 10 ^ decades).
  Proof.
    unfold is_ppm. intros x decades x_in nonneg. pose proof (Z.pow_pos_nonneg 10 decades). split.
    - apply Z.div_pos; lia.
    - apply Z.div_le_upper_bound; [lia |]. nia.
  Qed.

  Lemma envelope_is_ppm : forall x, 0 <= x -> is_ppm (interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS x).
  Proof.
    intros x nonneg.
    pose proof (interpolate_bounds ENVELOPE_DECADE ENVELOPE_STEP_NS envelope_descends eq_refl x ltac:(easy) nonneg) as B.
    change (knot ENVELOPE_DECADE 0) with ONE in B. exact B.
  Qed.

  Lemma f2_is_ppm : forall age_ns v, is_ppm (f2 age_ns v).
  Proof.
    intros age_ns v. unfold f2. destruct (as_int age_ns 0 MAX_NS) as [age |]; [| unfold is_ppm; ppm].
    set (beyond := Z.max 0 (age - ENVELOPE_FRESH_NS)).
    destruct (6 <? beyond / ENVELOPE_DECADE_NS); [unfold is_ppm; ppm |].
    apply mul_is_ppm; [| apply verdict_is_ppm].
    apply decayed_is_ppm; [apply envelope_is_ppm, Z.mod_pos_bound; reflexivity |].
    apply Z.div_pos; [lia | reflexivity].
  Qed.

  Lemma floor_is_ppm : is_ppm (microstructure_floor_ppm p).
  Proof. destruct p_valid. unfold is_ppm. lia. Qed.

  Lemma shock_is_ppm : is_ppm (shock_ppm p).
  Proof. destruct p_valid. unfold is_ppm. lia. Qed.

  Lemma f3_jitter_is_ppm : forall reading, is_ppm (f3_jitter reading p).
  Proof.
    intros. pose proof floor_is_ppm as F. unfold f3_jitter. destruct (as_int _ _ _) as [x |]; [| exact F].
    pose proof (falling_bounds _ _ _ F x (jitter_order p p_valid)). unfold is_ppm in *. lia.
  Qed.

  Lemma f3_latency_is_ppm : forall reading, is_ppm (f3_latency reading p).
  Proof.
    intros. pose proof floor_is_ppm as F. unfold f3_latency. destruct (as_int _ _ _) as [x |]; [| exact F].
    pose proof (falling_bounds _ _ _ F x (latency_order p p_valid)). unfold is_ppm in *. lia.
  Qed.

  Lemma f3_depth_is_ppm : forall reading, is_ppm (f3_depth reading p).
  Proof.
    intros. pose proof floor_is_ppm as F. unfold f3_depth. destruct (as_int _ _ _) as [x |]; [| exact F].
    pose proof (rising_bounds _ _ _ F x (depth_order p p_valid)). unfold is_ppm in *. lia.
  Qed.

  Lemma f4_depth_level_bounds : forall reading, shock_ppm p <= f4_depth_level reading p <= ONE.
  Proof.
    intros. pose proof shock_is_ppm as F. unfold f4_depth_level. destruct (as_int _ _ _) as [x |]; [| unfold is_ppm in F; lia].
    apply (rising_bounds _ _ _ F x (recovery_depth_order p p_valid)).
  Qed.

  Lemma f4_spread_level_bounds : forall reading, shock_ppm p <= f4_spread_level reading p <= ONE.
  Proof.
    intros. pose proof shock_is_ppm as F. unfold f4_spread_level. destruct (as_int _ _ _) as [x |]; [| unfold is_ppm in F; lia].
    apply (falling_bounds _ _ _ F x (recovery_spread_order p p_valid)).
  Qed.

  Lemma f4_recovery_bounds : forall age_ns, 0 <= age_ns -> shock_ppm p <= f4_recovery age_ns p <= ONE.
  Proof.
    intros age_ns nonneg. destruct p_valid. unfold f4_recovery. unfold MINUTE, SECOND in *.
    destruct (Z.leb_spec (shock_recovery_ns p) age_ns); [lia |].
    pose proof (share_bounds (ONE - shock_ppm p) age_ns (shock_recovery_ns p)). lia.
  Qed.

  Lemma f5_is_ppm : forall reading, is_ppm (f5 reading).
  Proof.
    intros. unfold f5. destruct (as_int _ _ _) as [x |]; [| unfold is_ppm; ppm].
    pose proof (interpolate_bounds CAPITAL_STRESS DRAWDOWN_STEP_PPM stress_descends eq_refl (Z.max 0 x) ltac:(easy) ltac:(lia)) as B.
    change (knot CAPITAL_STRESS 0) with ONE in B. exact B.
  Qed.
End Bounds.

(** * Monotony *)

Section Monotony.
  Variable p : SurvivalParams.t.
  Hypothesis p_valid : valid p.

  (** One decade on, the table starts where it ended: what is left never grows with age. *)
  Lemma decay_antitone : forall x y, 0 <= x <= y ->
    interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS (y mod ENVELOPE_DECADE_NS) / 10 ^ (y / ENVELOPE_DECADE_NS)
    <= interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS (x mod ENVELOPE_DECADE_NS) / 10 ^ (x / ENVELOPE_DECADE_NS).
  Proof.
    intros x y [nonneg le].
    assert (0 < ENVELOPE_DECADE_NS) as whole by reflexivity.
    pose proof (Z.mod_pos_bound x _ whole) as rx. pose proof (Z.mod_pos_bound y _ whole) as ry.
    pose proof (Z.div_le_mono x y _ whole le) as decades. pose proof (Z.div_pos x _ nonneg whole) as some.
    set (i := x / ENVELOPE_DECADE_NS) in *. set (j := y / ENVELOPE_DECADE_NS) in *.
    assert (0 < 10 ^ i) by (apply Z.pow_pos_nonneg; lia).
    destruct (Z.eq_dec i j) as [same | apart].
    - rewrite <- same. apply Z.div_le_mono; [lia |].
      apply interpolate_antitone; [apply envelope_descends | reflexivity | easy |].
      unfold i, j in same. rewrite !Z.mod_eq in * by lia. rewrite same in *. lia.
    - (* at least ONE / 10 is left at the end of decade i, at most ONE at the start of a later one *)
      assert (100000 <= interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS (x mod ENVELOPE_DECADE_NS)) as least.
      { change 100000 with (interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS ENVELOPE_DECADE_NS).
        apply interpolate_antitone; [apply envelope_descends | reflexivity | easy | lia]. }
      pose proof (envelope_is_ppm (y mod ENVELOPE_DECADE_NS) ltac:(lia)) as most. unfold is_ppm, ONE in most.
      assert (10 ^ j = 10 ^ (j - i - 1) * 10 * 10 ^ i) as split.
      { replace j with (j - i - 1 + 1 + i) at 1 by lia. rewrite !Z.pow_add_r by lia. reflexivity. }
      assert (1 <= 10 ^ (j - i - 1)) by (pose proof (Z.pow_pos_nonneg 10 (j - i - 1)); lia).
      apply Z.le_trans with (100000 / 10 ^ i); [| apply Z.div_le_mono; lia].
      rewrite split. rewrite <- Z.div_div by nia. apply Z.div_le_mono; [lia |].
      apply Z.div_le_upper_bound; nia.
  Qed.

  Lemma f2_antitone : forall w b v v', more_is_worse 0 MAX_NS w b -> verdict_is_worse v v' -> f2 w v <= f2 b v'.
  Proof.
    unfold more_is_worse, verdict_is_worse. intros w b v v' age_order verdict_order.
    pose proof (f2_is_ppm b v') as B. unfold f2 in *.
    destruct (as_int w 0 MAX_NS) as [y |]; [| unfold is_ppm in B; lia].
    destruct (as_int b 0 MAX_NS) as [x |]; [| contradiction].
    set (bx := Z.max 0 (x - ENVELOPE_FRESH_NS)) in *. set (by_ := Z.max 0 (y - ENVELOPE_FRESH_NS)) in *.
    assert (0 <= bx <= by_) as order by lia.
    assert (bx / ENVELOPE_DECADE_NS <= by_ / ENVELOPE_DECADE_NS) by (apply Z.div_le_mono; [reflexivity | lia]).
    destruct (Z.ltb_spec 6 (by_ / ENVELOPE_DECADE_NS)).
    - unfold is_ppm in B. lia.
    - destruct (Z.ltb_spec 6 (bx / ENVELOPE_DECADE_NS)); [lia |].
      assert (0 <= by_ / ENVELOPE_DECADE_NS) by (apply Z.div_pos; [lia | reflexivity]).
      apply mul_mono.
      + split; [| apply decay_antitone; assumption].
        apply decayed_is_ppm; [apply envelope_is_ppm, Z.mod_pos_bound; reflexivity | assumption].
      + pose proof (verdict_is_ppm v) as V. unfold is_ppm in V. lia.
  Qed.

  Lemma f3_jitter_antitone : forall w b, more_is_worse 0 MAX_NS w b -> f3_jitter w p <= f3_jitter b p.
  Proof.
    unfold more_is_worse, f3_jitter. intros w b order. pose proof (floor_is_ppm p p_valid) as F.
    destruct (as_int w _ _) as [y |], (as_int b _ _) as [x |]; try contradiction; try lia.
    - apply falling_antitone; [exact F | apply jitter_order; assumption | lia].
    - apply falling_bounds; [exact F | apply jitter_order; assumption].
  Qed.

  Lemma f3_latency_antitone : forall w b, more_is_worse 0 MAX_NS w b -> f3_latency w p <= f3_latency b p.
  Proof.
    unfold more_is_worse, f3_latency. intros w b order. pose proof (floor_is_ppm p p_valid) as F.
    destruct (as_int w _ _) as [y |], (as_int b _ _) as [x |]; try contradiction; try lia.
    - apply falling_antitone; [exact F | apply latency_order; assumption | lia].
    - apply falling_bounds; [exact F | apply latency_order; assumption].
  Qed.

  Lemma f3_depth_mono : forall w b, less_is_worse 0 MAX_NS w b -> f3_depth w p <= f3_depth b p.
  Proof.
    unfold less_is_worse, f3_depth. intros w b order. pose proof (floor_is_ppm p p_valid) as F.
    destruct (as_int w _ _) as [y |], (as_int b _ _) as [x |]; try contradiction; try lia.
    - apply rising_mono; [exact F | apply depth_order; assumption | lia].
    - apply rising_bounds; [exact F | apply depth_order; assumption].
  Qed.

  Lemma f4_depth_level_mono : forall w b, less_is_worse 0 MAX_NS w b -> f4_depth_level w p <= f4_depth_level b p.
  Proof.
    unfold less_is_worse, f4_depth_level. intros w b order. pose proof (shock_is_ppm p p_valid) as F.
    destruct (as_int w _ _) as [y |], (as_int b _ _) as [x |]; try contradiction; try lia.
    - apply rising_mono; [exact F | apply recovery_depth_order; assumption | lia].
    - apply rising_bounds; [exact F | apply recovery_depth_order; assumption].
  Qed.

  Lemma f4_spread_level_antitone : forall w b, more_is_worse 0 MAX_NS w b -> f4_spread_level w p <= f4_spread_level b p.
  Proof.
    unfold more_is_worse, f4_spread_level. intros w b order. pose proof (shock_is_ppm p p_valid) as F.
    destruct (as_int w _ _) as [y |], (as_int b _ _) as [x |]; try contradiction; try lia.
    - apply falling_antitone; [exact F | apply recovery_spread_order; assumption | lia].
    - apply falling_bounds; [exact F | apply recovery_spread_order; assumption].
  Qed.

  Lemma f4_recovery_mono : forall x y, 0 <= x <= y -> f4_recovery x p <= f4_recovery y p.
  Proof.
    intros x y [nonneg le]. pose proof (f4_recovery_bounds p p_valid x nonneg) as bx. revert bx.
    destruct p_valid. unfold f4_recovery, MINUTE, SECOND in *.
    destruct (Z.leb_spec (shock_recovery_ns p) y); [lia |].
    destruct (Z.leb_spec (shock_recovery_ns p) x); [lia |]. intros _.
    pose proof (share_mono (ONE - shock_ppm p) x y (shock_recovery_ns p)). lia.
  Qed.

  Lemma f4_recovery_age_nonneg : forall level, 0 <= f4_recovery_age level p.
  Proof.
    intros. destruct p_valid. unfold f4_recovery_age, MINUTE, SECOND in *. apply Z.div_pos; nia.
  Qed.

  Lemma f4_recovery_age_mono : forall x y, x <= y -> f4_recovery_age x p <= f4_recovery_age y p.
  Proof.
    intros x y le. destruct p_valid. unfold f4_recovery_age, MINUTE, SECOND in *. apply Z.div_le_mono; nia.
  Qed.

  Lemma f5_antitone : forall w b, more_is_worse (- MAX_NS) MAX_NS w b -> f5 w <= f5 b.
  Proof.
    unfold more_is_worse. intros w b order. pose proof (f5_is_ppm b) as B. unfold f5 in *.
    destruct (as_int w _ _) as [y |]; [| unfold is_ppm in B; lia].
    destruct (as_int b _ _) as [x |]; [| contradiction].
    apply interpolate_antitone; [apply stress_descends | reflexivity | easy | lia].
  Qed.
End Monotony.
