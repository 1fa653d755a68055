(** The sensing half: what its memory keeps to, R_raw and R_cmd within their bounds, and both monotone in every reading. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Factors Assessment.
From Dolphin.Proofs Require Import Arithmetic FactorLaws.
Import SurvivalParams Inputs Factored.
Open Scope Z_scope.

(** * The invariant of the memory *)

Record sound (m : Memory.t) (p : SurvivalParams.t) : Prop := {
  time_in : 0 <= Memory.time_ns m <= MAX_NS;
  integral_in : 0 <= Memory.integral_ppm_us m <= integral_full p;
  slot_is : Memory.slot m = Memory.time_ns m / SLOT_NS;
  peaks_length : length (Memory.peaks_ppm m) = Z.to_nat SLOTS;
  peaks_in : Forall is_ppm (Memory.peaks_ppm m);
  shock_in : Memory.shock_at_ns m = NO_SHOCK \/ 0 <= Memory.shock_at_ns m <= Memory.time_ns m;
}.

(** The memory that a sensing half starts with. *)
Definition fresh : Memory.t :=
  {| Memory.time_ns := 0; Memory.is_started := false; Memory.integral_ppm_us := 0; Memory.slot := 0;
     Memory.peaks_ppm := repeat 0 (Z.to_nat SLOTS); Memory.shock_at_ns := NO_SHOCK; Memory.is_passive_only := true |}.

(** The five factors of one step, and R_raw. *)
Definition factors (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Factored.t := fst (sensed m i p).
Definition r_raw (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Z := product (factors m i p).

Definition now (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Z := fst (fst (clock m i p)).
Definition elapsed (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Z := snd (fst (clock m i p)).
Definition is_back (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : bool := snd (clock m i p).
Definition is_ready (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : bool :=
  Memory.is_started m || negb (is_missing i p).

(** R_cmd of a memory that has started: what [command] makes of R_raw. *)
Definition r_started (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Z :=
  command (r_raw m i p) (integral m (r_raw m i p) (elapsed m i p) p)
          (largest (snd (peaks m (r_raw m i p) (now m i p)))) p.

(** [assess] in these words. *)
Lemma demand_is : forall m i p,
  snd (assess m i p) =
  {| Demand.time_ns := now m i p;
     Demand.is_ready := is_ready m i p;
     Demand.is_broken := broken m i p (is_back m i p);
     Demand.r_cmd_ppm := if is_ready m i p then r_started m i p else 0;
     Demand.r_raw_ppm := r_raw m i p;
     Demand.factors_ppm := factors m i p;
     Demand.is_passive_only := is_passive m (f3_ppm (factors m i p)) p;
     Demand.expires_at_ns := Z.min (now m i p + lease_ns p) MAX_NS |}.
Proof.
  intros. unfold r_started, r_raw, factors, now, elapsed, is_back, is_ready, assess.
  destruct (clock m i p) as [[n e] b]. cbn.
  destruct (sensed m i p) as [f shock_at]. cbn.
  destruct (peaks m (product f) n) as [slot l]. cbn.
  destruct (Memory.is_started m || negb (is_missing i p)); reflexivity.
Qed.

Lemma memory_is : forall m i p,
  fst (assess m i p) =
  {| Memory.time_ns := now m i p;
     Memory.is_started := is_ready m i p;
     Memory.integral_ppm_us := if is_ready m i p then integral m (r_raw m i p) (elapsed m i p) p else 0;
     Memory.slot := now m i p / SLOT_NS;
     Memory.peaks_ppm := if is_ready m i p then snd (peaks m (r_raw m i p) (now m i p)) else repeat 0 (Z.to_nat SLOTS);
     Memory.shock_at_ns := if is_ready m i p then snd (sensed m i p) else NO_SHOCK;
     Memory.is_passive_only := is_passive m (f3_ppm (factors m i p)) p |}.
Proof.
  intros. unfold r_raw, factors, now, elapsed, is_ready, assess.
  destruct (clock m i p) as [[n e] b]. cbn.
  destruct (sensed m i p) as [f shock_at]. cbn.
  assert (fst (peaks m (product f) n) = n / SLOT_NS) as slot_at.
  { unfold peaks. destruct (_ =? 0); [reflexivity |]. destruct (SLOTS <=? _); reflexivity. }
  destruct (peaks m (product f) n) as [slot l]. cbn in *. rewrite slot_at.
  destruct (Memory.is_started m || negb (is_missing i p)); reflexivity.
Qed.

(** * The clock *)

Section Step.
  Variables (m : Memory.t) (p : SurvivalParams.t).
  Hypothesis p_valid : valid p.
  Hypothesis m_sound : sound m p.

  Lemma clock_bounds : forall i, Memory.time_ns m <= now m i p <= MAX_NS /\ 0 <= elapsed m i p <= MINUTE.
  Proof.
    intros. destruct p_valid, m_sound. unfold now, elapsed, clock.
    destruct (as_int (now_ns i) 0 MAX_NS) as [n |] eqn:reading; [| cbn [fst snd]; unfold MINUTE, SECOND; lia].
    apply as_int_bounds in reading. destruct (Z.ltb_spec n (Memory.time_ns m)); cbn [fst snd]; unfold MS, MINUTE, SECOND in *; lia.
  Qed.

  Lemma now_nonneg : forall i, 0 <= now m i p.
  Proof. intros. pose proof (clock_bounds i). destruct m_sound. lia. Qed.

  (** * Factors *)

  Lemma f3_is_ppm : forall i, is_ppm (f3 i p).
  Proof.
    intros. unfold f3.
    assert (is_ppm ONE) as one by (unfold is_ppm; ppm).
    destruct (Wired.jitter (wired p)), (Wired.latency (wired p)), (Wired.depth (wired p));
      repeat first [ assumption | apply f3_jitter_is_ppm | apply f3_latency_is_ppm | apply f3_depth_is_ppm | apply mul_is_ppm ].
  Qed.

  Lemma recovery_level_bounds : forall i, shock_ppm p <= recovery_level i p <= ONE.
  Proof.
    intros. unfold recovery_level. destruct p_valid.
    pose proof (f4_depth_level_bounds p p_valid (depth_ratio_ppm i)).
    pose proof (f4_spread_level_bounds p p_valid (spread_ratio_ppm i)).
    destruct (Wired.depth (wired p)), (Wired.spread (wired p)); lia.
  Qed.

  (** The age that a recovery is counted by. *)
  Lemma recovery_age_nonneg : forall i at_ns, at_ns <= now m i p ->
    0 <= Z.min (now m i p - at_ns) (f4_recovery_age (recovery_level i p) p).
  Proof. intros. pose proof (f4_recovery_age_nonneg p p_valid (recovery_level i p)). lia. Qed.

  Lemma shock_at : forall i,
    shock m i p (now m i p) = NO_SHOCK \/ 0 <= shock m i p (now m i p) <= now m i p.
  Proof.
    intros. pose proof (clock_bounds i). pose proof (now_nonneg i). destruct m_sound. unfold shock.
    destruct (_ || _ || _); [right; lia |]. destruct shock_in0 as [none | some]; [left | right]; lia.
  Qed.

  Lemma f4_bounds : forall i, shock_ppm p <= fst (f4 i p (now m i p) (shock m i p (now m i p))) <= ONE.
  Proof.
    intros. pose proof (shock_at i) as at_. unfold f4. destruct p_valid.
    destruct (Z.eqb_spec (shock m i p (now m i p)) NO_SHOCK) as [none | some]; cbn [fst]; [lia |].
    destruct at_ as [? | at_]; [contradiction |].
    apply f4_recovery_bounds; [assumption |]. apply recovery_age_nonneg. lia.
  Qed.

  Lemma factors_are : forall i, factors m i p =
    {| f1_ppm := f1 (negb (broken m i p (is_back m i p)));
       f2_ppm := if Wired.envelope (wired p) then f2 (envelope_age_ns i) (envelope_verdict i) else ONE;
       f3_ppm := f3 i p;
       f4_ppm := fst (f4 i p (now m i p) (shock m i p (now m i p)));
       f5_ppm := if Wired.equity (wired p) then f5 (drawdown_ppm i) else ONE |}.
  Proof.
    intros. unfold factors, sensed, is_back, now. destruct (clock m i p) as [[n e] b]. cbn.
    destruct (f4 i p n (shock m i p n)). reflexivity.
  Qed.

  Theorem factors_are_ppm : forall i, let f := factors m i p in
    is_ppm (f1_ppm f) /\ is_ppm (f2_ppm f) /\ is_ppm (f3_ppm f) /\ is_ppm (f4_ppm f) /\ is_ppm (f5_ppm f).
  Proof.
    intros i f. unfold f. rewrite factors_are. cbn.
    assert (is_ppm ONE) as one by (unfold is_ppm; ppm).
    pose proof (f4_bounds i) as B4. pose proof (FactorLaws.shock_is_ppm p p_valid) as S.
    repeat split; try apply f1_is_ppm; try apply f3_is_ppm; try (unfold is_ppm in *; lia).
    - destruct (Wired.envelope _); [apply f2_is_ppm | apply one].
    - destruct (Wired.envelope _); [apply f2_is_ppm | apply one].
    - destruct (Wired.equity _); [apply f5_is_ppm | apply one].
    - destruct (Wired.equity _); [apply f5_is_ppm | apply one].
  Qed.
End Step.

(** * R_raw *)

(** A product of five is at most each of them. *)
Lemma product_le : forall f,
  is_ppm (f1_ppm f) -> is_ppm (f2_ppm f) -> is_ppm (f3_ppm f) -> is_ppm (f4_ppm f) -> is_ppm (f5_ppm f) ->
  is_ppm (product f)
  /\ product f <= f1_ppm f /\ product f <= f2_ppm f /\ product f <= f3_ppm f /\ product f <= f4_ppm f /\ product f <= f5_ppm f.
Proof.
  intros f P1 P2 P3 P4 P5. unfold product.
  set (a := mul (f1_ppm f) (f2_ppm f)). set (b := mul a (f3_ppm f)). set (c := mul b (f4_ppm f)).
  assert (is_ppm a) as Pa by (apply mul_is_ppm; assumption).
  assert (is_ppm b) as Pb by (apply mul_is_ppm; assumption).
  assert (is_ppm c) as Pc by (apply mul_is_ppm; assumption).
  assert (is_ppm (mul c (f5_ppm f))) as Pd by (apply mul_is_ppm; assumption).
  assert (a <= f1_ppm f /\ a <= f2_ppm f) by (split; [apply mul_le_left | apply mul_le_right]; unfold is_ppm in *; lia).
  assert (b <= a /\ b <= f3_ppm f) by (split; [apply mul_le_left | apply mul_le_right]; unfold is_ppm in *; lia).
  assert (c <= b /\ c <= f4_ppm f) by (split; [apply mul_le_left | apply mul_le_right]; unfold is_ppm in *; lia).
  assert (mul c (f5_ppm f) <= c /\ mul c (f5_ppm f) <= f5_ppm f)
    by (split; [apply mul_le_left | apply mul_le_right]; unfold is_ppm in *; lia).
  unfold is_ppm in *. lia.
Qed.

Lemma product_mono : forall f g,
  is_ppm (f1_ppm f) -> is_ppm (f2_ppm f) -> is_ppm (f3_ppm f) -> is_ppm (f4_ppm f) -> is_ppm (f5_ppm f) ->
  f1_ppm f <= f1_ppm g -> f2_ppm f <= f2_ppm g -> f3_ppm f <= f3_ppm g -> f4_ppm f <= f4_ppm g -> f5_ppm f <= f5_ppm g ->
  product f <= product g.
Proof.
  unfold is_ppm, product. intros.
  repeat (apply mul_mono; split; try lia; repeat (apply mul_nonneg; try lia)).
Qed.

(** * The command: integral and derivative only lower, and more so for a smaller R_raw *)

Section Command.
  Variable p : SurvivalParams.t.
  Hypothesis p_valid : valid p.

  Lemma i_ppm_is_ppm : forall x, 0 <= x -> is_ppm (i_ppm x p).
  Proof.
    intros x nonneg. destruct p_valid. unfold is_ppm, i_ppm.
    assert (0 <= x * ONE / integral_full_scale_us p) by (apply Z.div_pos; [ppm | lia]). lia.
  Qed.

  Lemma i_ppm_mono : forall x y, x <= y -> i_ppm x p <= i_ppm y p.
  Proof.
    intros x y le. destruct p_valid. unfold i_ppm.
    assert (x * ONE / integral_full_scale_us p <= y * ONE / integral_full_scale_us p) by (apply Z.div_le_mono; ppm). lia.
  Qed.

  Lemma d_ppm_is_ppm : forall fall, 0 <= fall -> is_ppm (d_ppm fall p).
  Proof.
    intros fall nonneg. destruct p_valid. unfold is_ppm, d_ppm.
    pose proof (mul_nonneg (derivative_gain_ppm p) fall). lia.
  Qed.

  Lemma d_ppm_mono : forall x y, 0 <= x <= y -> d_ppm x p <= d_ppm y p.
  Proof.
    intros x y le. destruct p_valid. unfold d_ppm.
    pose proof (mul_mono (derivative_gain_ppm p) (derivative_gain_ppm p) x y). lia.
  Qed.

  (** R_cmd lies between 0 and R_raw. *)
  Lemma command_bounds : forall r integral peak, is_ppm r -> 0 <= integral -> r <= peak ->
    0 <= command r integral peak p <= r.
  Proof.
    intros r integral peak r_in nonneg above. unfold command.
    pose proof (i_ppm_is_ppm integral nonneg) as I. pose proof (d_ppm_is_ppm (peak - r) ltac:(lia)) as D.
    unfold is_ppm in *.
    pose proof (mul_nonneg r (ONE - i_ppm integral p)). pose proof (mul_le_left r (ONE - i_ppm integral p)).
    pose proof (mul_nonneg (mul r (ONE - i_ppm integral p)) (ONE - d_ppm (peak - r) p)).
    pose proof (mul_le_left (mul r (ONE - i_ppm integral p)) (ONE - d_ppm (peak - r) p)). lia.
  Qed.

  Lemma command_mono : forall r r' integral integral' peak peak',
    is_ppm r -> is_ppm r' -> r <= r' -> 0 <= integral' <= integral -> r' <= peak' -> peak' - r' <= peak - r ->
    command r integral peak p <= command r' integral' peak' p.
  Proof.
    intros r r' integral integral' peak peak' r_in r_in' le I_order above fall_order. unfold command.
    pose proof (i_ppm_is_ppm integral ltac:(lia)) as I. pose proof (i_ppm_is_ppm integral' ltac:(lia)) as I'.
    pose proof (d_ppm_is_ppm (peak - r) ltac:(lia)) as D. pose proof (d_ppm_is_ppm (peak' - r') ltac:(lia)) as D'.
    pose proof (i_ppm_mono integral' integral ltac:(lia)). pose proof (d_ppm_mono (peak' - r') (peak - r) ltac:(lia)).
    unfold is_ppm in *.
    apply mul_mono; [split; [apply mul_nonneg | apply mul_mono] |]; lia.
  Qed.

  Lemma integral_bounds : forall m r elapsed_ns, 0 <= integral m r elapsed_ns p <= integral_full p.
  Proof.
    intros. destruct p_valid. unfold integral, integral_full.
    assert (0 <= integral_full_scale_us p * integral_max_ppm p / ONE) by (apply Z.div_pos; [nia | ppm]). lia.
  Qed.

  Lemma integral_antitone : forall m r r' elapsed_ns, 0 <= elapsed_ns -> r <= r' ->
    integral m r' elapsed_ns p <= integral m r elapsed_ns p.
  Proof.
    intros m r r' elapsed_ns nonneg le. unfold integral.
    assert (0 <= - (- elapsed_ns / 1000)).
    { assert (- elapsed_ns / 1000 <= 0) by (apply Z.div_le_upper_bound; lia). lia. }
    assert ((ONE - r' - leak_ppm p) * - (- elapsed_ns / 1000) <= (ONE - r - leak_ppm p) * - (- elapsed_ns / 1000)) by nia.
    lia.
  Qed.
End Command.

(** * Peaks: the largest of the last ten seconds is R_raw now or something that R_raw now does not change *)

Lemma largest_cons : forall x l, largest (x :: l) = Z.max x (largest l).
Proof. reflexivity. Qed.

Lemma largest_ge_0 : forall l, 0 <= largest l.
Proof. induction l as [| x l IH]; [reflexivity | rewrite largest_cons; lia]. Qed.

Lemma largest_is_ppm : forall l, Forall is_ppm l -> is_ppm (largest l).
Proof.
  unfold is_ppm. induction l as [| x l IH]; intros all; [unfold largest; cbn; ppm |].
  rewrite largest_cons. inversion all as [| ? ? P rest]. specialize (IH rest). lia.
Qed.

(** What is carried over from the slots before. *)
Definition carried (m : Memory.t) (now : Z) : list Z :=
  let behind := now / SLOT_NS - Memory.slot m in
  if behind =? 0 then Memory.peaks_ppm m
  else if SLOTS <=? behind then nil
  else firstn (Z.to_nat (SLOTS - behind)) (Memory.peaks_ppm m).

Lemma largest_app : forall l l', largest (l ++ l') = Z.max (largest l) (largest l').
Proof.
  induction l as [| x l IH]; intros l'.
  - pose proof (largest_ge_0 l'). change (largest nil) with 0. cbn [app]. lia.
  - rewrite <- app_comm_cons, !largest_cons, IH. lia.
Qed.

Lemma largest_zeros : forall n, largest (repeat 0 n) = 0.
Proof. induction n as [| n IH]; [reflexivity | cbn [repeat]; rewrite largest_cons, IH; reflexivity]. Qed.

Lemma largest_peaks : forall m r now, 0 <= r -> Memory.peaks_ppm m <> nil ->
  largest (snd (peaks m r now)) = Z.max r (largest (carried m now)).
Proof.
  intros m r now nonneg some. unfold peaks, carried.
  destruct (now / SLOT_NS - Memory.slot m =? 0); cbn [snd].
  - destruct (Memory.peaks_ppm m) as [| newest older]; [contradiction |].
    destruct (Z.ltb_spec newest r); rewrite !largest_cons; lia.
  - destruct (SLOTS <=? now / SLOT_NS - Memory.slot m); cbn [snd]; rewrite largest_cons.
    + rewrite largest_zeros. reflexivity.
    + rewrite largest_app, largest_zeros.
      pose proof (largest_ge_0 (firstn (Z.to_nat (SLOTS - (now / SLOT_NS - Memory.slot m))) (Memory.peaks_ppm m))). lia.
Qed.

Lemma Forall_firstn : forall (P : Z -> Prop) n l, Forall P l -> Forall P (firstn n l).
Proof. induction n; intros l all; cbn; [constructor |]. destruct all; constructor; auto. Qed.

Lemma peaks_sound : forall m p r now, sound m p -> is_ppm r -> Memory.time_ns m <= now ->
  length (snd (peaks m r now)) = Z.to_nat SLOTS /\ Forall is_ppm (snd (peaks m r now)).
Proof.
  intros m p r now [? ? slot_is len all ?] r_in later. unfold peaks.
  assert (0 <= now / SLOT_NS - Memory.slot m).
  { rewrite slot_is. pose proof (Z.div_le_mono (Memory.time_ns m) now SLOT_NS). unfold SLOT_NS in *. lia. }
  assert (is_ppm 0) as zero by (unfold is_ppm; ppm).
  destruct (Z.eqb_spec (now / SLOT_NS - Memory.slot m) 0); cbn [snd].
  - destruct (Memory.peaks_ppm m) as [| newest older]; [split; assumption |].
    destruct (newest <? r); [| split; assumption].
    inversion all. split; [exact len | constructor; assumption].
  - destruct (Z.leb_spec SLOTS (now / SLOT_NS - Memory.slot m)); cbn [snd].
    + split; [reflexivity |]. constructor; [exact r_in |]. apply Forall_forall. intros x inside.
      apply repeat_spec in inside. subst. exact zero.
    + split.
      * cbn [length]. rewrite app_length, repeat_length, firstn_length, len. unfold SLOTS in *. lia.
      * constructor; [exact r_in |]. apply Forall_app. split; [| apply Forall_firstn; exact all].
        apply Forall_forall. intros x inside. apply repeat_spec in inside. subst. exact zero.
Qed.

(** * Theorems of one step *)

Section Theorems.
  Variables (m : Memory.t) (p : SurvivalParams.t).
  Hypothesis p_valid : valid p.
  Hypothesis m_sound : sound m p.

  Lemma peaks_not_empty : Memory.peaks_ppm m <> nil.
  Proof. destruct m_sound as [_ _ _ len _ _]. intros none. rewrite none in len. discriminate. Qed.

  (** Theorem 1: R_raw lies in [0, ONE] and is at most each factor. *)
  Theorem r_raw_is_at_most_each_factor : forall i, let f := factors m i p in
    0 <= r_raw m i p <= ONE
    /\ r_raw m i p <= f1_ppm f /\ r_raw m i p <= f2_ppm f /\ r_raw m i p <= f3_ppm f
    /\ r_raw m i p <= f4_ppm f /\ r_raw m i p <= f5_ppm f.
  Proof.
    intros i f. destruct (factors_are_ppm m p p_valid m_sound i) as (P1 & P2 & P3 & P4 & P5).
    exact (product_le f P1 P2 P3 P4 P5).
  Qed.

  Lemma r_raw_is_ppm : forall i, is_ppm (r_raw m i p).
  Proof. intros. exact (proj1 (r_raw_is_at_most_each_factor i)). Qed.

  Lemma peak_above : forall i, r_raw m i p <= largest (snd (peaks m (r_raw m i p) (now m i p))).
  Proof.
    intros. pose proof (r_raw_is_ppm i) as R. unfold is_ppm in R.
    rewrite largest_peaks; [lia | lia | apply peaks_not_empty].
  Qed.

  (** R_cmd lies between 0 and R_raw. *)
  Theorem r_cmd_is_at_most_r_raw : forall i, 0 <= Demand.r_cmd_ppm (snd (assess m i p)) <= r_raw m i p.
  Proof.
    intros. pose proof (r_raw_is_ppm i) as R. rewrite demand_is. cbn [Demand.r_cmd_ppm].
    destruct (is_ready m i p); [| unfold is_ppm in R; lia].
    apply command_bounds; [exact p_valid | exact R | | apply peak_above].
    pose proof (integral_bounds p p_valid m (r_raw m i p) (elapsed m i p)). lia.
  Qed.

  (** A recovery is counted from a time that is not later than now. *)
  Lemma recovery_from : forall i, snd (sensed m i p) = NO_SHOCK \/ 0 <= snd (sensed m i p) <= now m i p.
  Proof.
    intros. pose proof (now_nonneg m p p_valid m_sound i) as N. pose proof (shock_at m p p_valid m_sound i) as at_.
    revert N at_. unfold sensed, now. destruct (clock m i p) as [[n e] b]. cbn [fst snd]. intros N at_. unfold f4.
    destruct (Z.eqb_spec (shock m i p n) NO_SHOCK) as [none | some]; [left; reflexivity |].
    destruct at_ as [? | at_]; [contradiction |].
    destruct (_ =? ONE); cbn [snd]; [left; reflexivity | right].
    pose proof (f4_recovery_age_nonneg p p_valid (recovery_level i p)). lia.
  Qed.

  (** The invariant is kept, whatever is read. *)
  Theorem sound_after : forall i, sound (fst (assess m i p)) p.
  Proof.
    intros. pose proof (clock_bounds m p p_valid m_sound i) as [T E]. pose proof (now_nonneg m p p_valid m_sound i) as N.
    pose proof (r_raw_is_ppm i) as R.
    pose proof (peaks_sound m p (r_raw m i p) (now m i p) m_sound R ltac:(lia)) as [L A].
    rewrite memory_is. split; cbn [Memory.time_ns Memory.integral_ppm_us Memory.slot Memory.peaks_ppm Memory.shock_at_ns].
    - lia.
    - destruct (is_ready m i p); [apply integral_bounds; exact p_valid |].
      pose proof (integral_bounds p p_valid m 0 0). lia.
    - reflexivity.
    - destruct (is_ready m i p); [exact L | reflexivity].
    - destruct (is_ready m i p); [exact A |]. apply Forall_forall. intros x inside. apply repeat_spec in inside. subst.
      unfold is_ppm; ppm.
    - destruct (is_ready m i p); [| left; reflexivity]. apply recovery_from.
  Qed.

  Theorem fresh_is_sound : sound fresh p.
  Proof.
    pose proof (integral_bounds p p_valid m 0 0).
    split; cbn [Memory.time_ns Memory.integral_ppm_us Memory.slot Memory.peaks_ppm Memory.shock_at_ns fresh].
    - unfold MAX_NS. lia.
    - lia.
    - reflexivity.
    - reflexivity.
    - apply Forall_forall. intros x inside. apply repeat_spec in inside. subst. unfold is_ppm; ppm.
    - left. reflexivity.
  Qed.
End Theorems.
