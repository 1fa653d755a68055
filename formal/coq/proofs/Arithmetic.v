(** Laws of ppm arithmetic: products of numbers in [0, ONE] only fall, every curve is monotone and stays between its ends. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm.
Open Scope Z_scope.

(** Linear arithmetic that knows [ONE]. *)
Ltac ppm := unfold ONE in *; lia.

(** In [0, ONE]. *)
Definition is_ppm (x : Z) : Prop := 0 <= x <= ONE.

(** * Products *)

Lemma mul_nonneg : forall a b, 0 <= a -> 0 <= b -> 0 <= mul a b.
Proof. intros. unfold mul. apply Z.div_pos; [nia | ppm]. Qed.

Lemma mul_mono : forall a a' b b', 0 <= a <= a' -> 0 <= b <= b' -> mul a b <= mul a' b'.
Proof. intros. unfold mul. apply Z.div_le_mono; [ppm | nia]. Qed.

Lemma mul_le_left : forall a b, 0 <= a -> b <= ONE -> mul a b <= a.
Proof. intros. unfold mul. apply Z.div_le_upper_bound; [ppm | nia]. Qed.

Lemma mul_le_right : forall a b, 0 <= b -> a <= ONE -> mul a b <= b.
Proof. intros. unfold mul. apply Z.div_le_upper_bound; [ppm | nia]. Qed.

Lemma mul_is_ppm : forall a b, is_ppm a -> is_ppm b -> is_ppm (mul a b).
Proof.
  unfold is_ppm. intros a b Ha Hb. split.
  - apply mul_nonneg; lia.
  - pose proof (mul_le_left a b). lia.
Qed.

Lemma mul_0_l : forall b, mul 0 b = 0.
Proof. reflexivity. Qed.

Lemma mul_0_r : forall a, mul a 0 = 0.
Proof. intros. unfold mul. rewrite Z.mul_0_r. reflexivity. Qed.

Lemma mul_ONE_l : forall b, mul ONE b = b.
Proof. intros. unfold mul. rewrite Z.mul_comm. apply Z.div_mul. ppm. Qed.

Lemma mul_ONE_r : forall a, mul a ONE = a.
Proof. intros. unfold mul. apply Z.div_mul. ppm. Qed.

(** * A share of a span: [(ONE - floor) * part / whole], with [0 <= part <= whole] *)

Lemma share_bounds : forall span part whole,
  0 <= span -> 0 <= part <= whole -> 0 < whole -> 0 <= span * part / whole <= span.
Proof.
  intros. split.
  - apply Z.div_pos; nia.
  - apply Z.div_le_upper_bound; nia.
Qed.

Lemma share_mono : forall span part part' whole,
  0 <= span -> part <= part' -> 0 < whole -> span * part / whole <= span * part' / whole.
Proof. intros. apply Z.div_le_mono; nia. Qed.

(** * Straight lines *)

Section Lines.
  Variables nominal limit floor_ppm : Z.
  Hypothesis floor_in : is_ppm floor_ppm.

  Lemma falling_bounds : forall x, nominal < limit -> floor_ppm <= falling x nominal limit floor_ppm <= ONE.
  Proof.
    unfold is_ppm in floor_in. intros x order. unfold falling.
    destruct (Z.leb_spec x nominal); [lia |]. destruct (Z.leb_spec limit x); [lia |].
    pose proof (share_bounds (ONE - floor_ppm) (limit - x) (limit - nominal)). lia.
  Qed.

  Lemma falling_antitone : forall x y, nominal < limit -> x <= y ->
    falling y nominal limit floor_ppm <= falling x nominal limit floor_ppm.
  Proof.
    intros x y order le. pose proof (falling_bounds x order) as bx. pose proof (falling_bounds y order) as by_.
    revert bx by_. unfold falling, is_ppm in *.
    destruct (Z.leb_spec x nominal); [lia |]. destruct (Z.leb_spec y nominal); [lia |].
    destruct (Z.leb_spec limit y); [lia |]. destruct (Z.leb_spec limit x); [lia |].
    pose proof (share_mono (ONE - floor_ppm) (limit - y) (limit - x) (limit - nominal)). lia.
  Qed.

  Lemma rising_bounds : forall x, limit < nominal -> floor_ppm <= rising x limit nominal floor_ppm <= ONE.
  Proof.
    unfold is_ppm in floor_in. intros x order. unfold rising.
    destruct (Z.leb_spec nominal x); [lia |]. destruct (Z.leb_spec x limit); [lia |].
    pose proof (share_bounds (ONE - floor_ppm) (x - limit) (nominal - limit)). lia.
  Qed.

  Lemma rising_mono : forall x y, limit < nominal -> x <= y ->
    rising x limit nominal floor_ppm <= rising y limit nominal floor_ppm.
  Proof.
    intros x y order le. pose proof (rising_bounds x order) as bx. pose proof (rising_bounds y order) as by_.
    revert bx by_. unfold rising, is_ppm in *.
    destruct (Z.leb_spec nominal y); [lia |]. destruct (Z.leb_spec nominal x); [lia |].
    destruct (Z.leb_spec x limit); [lia |]. destruct (Z.leb_spec y limit); [lia |].
    pose proof (share_mono (ONE - floor_ppm) (x - limit) (y - limit) (nominal - limit)). lia.
  Qed.
End Lines.

(** * Tables *)

(** Every knot is at most the one before it, and none is negative; by computation for a literal table. *)
Fixpoint descends (table : list Z) : bool :=
  match table with
  | nil => true
  | x :: rest => (match rest with nil => 0 <=? x | y :: _ => y <=? x end) && descends rest
  end.

Lemma nth_descends : forall table, descends table = true ->
  forall k, 0 <= nth (S k) table 0 <= nth k table 0.
Proof.
  induction table as [| x rest IH]; intros D k.
  - destruct k; cbn; lia.
  - simpl in D. apply andb_true_iff in D. destruct D as [first others]. specialize (IH others).
    destruct k as [| k]; [| exact (IH k)].
    cbn. destruct rest as [| y rest]; cbn.
    + apply Z.leb_le in first. lia.
    + apply Z.leb_le in first. specialize (IH 0%nat). cbn in IH.
      destruct rest as [| z rest]; cbn in *; [| lia].
      rewrite andb_true_r in others. apply Z.leb_le in others. lia.
Qed.

Section Tables.
  Variables (table : list Z) (step : Z).
  Hypothesis table_descends : descends table = true.
  Hypothesis step_positive : 0 < step.

  Lemma knot_next : forall k, 0 <= k -> 0 <= knot table (k + 1) <= knot table k.
  Proof.
    intros k nonneg. unfold knot. replace (Z.to_nat (k + 1)) with (S (Z.to_nat k)) by lia.
    apply nth_descends. assumption.
  Qed.

  Lemma knot_antitone : forall i j, 0 <= i <= j -> knot table j <= knot table i.
  Proof.
    intros i j [nonneg le]. replace j with (i + (j - i)) by lia.
    assert (0 <= j - i) as far by lia. revert far. generalize (j - i). clear le.
    apply (natlike_ind (fun far => knot table (i + far) <= knot table i)).
    - rewrite Z.add_0_r. lia.
    - intros far far_nonneg IH. pose proof (knot_next (i + far)).
      replace (i + Z.succ far) with (i + far + 1) by lia. lia.
  Qed.

  Lemma interpolate_between : forall x, 0 <= x -> x / step < last_knot table ->
    knot table (x / step + 1) <= interpolate table step x <= knot table (x / step).
  Proof.
    intros x nonneg inner. unfold interpolate.
    destruct (Z.leb_spec (last_knot table) (x / step)); [lia |].
    assert (0 <= x / step) by (apply Z.div_pos; lia).
    pose proof (knot_next (x / step)). pose proof (Z.mod_pos_bound x step).
    split; [apply Z.div_le_lower_bound | apply Z.div_le_upper_bound]; nia.
  Qed.

  Lemma interpolate_beyond : forall x, last_knot table <= x / step ->
    interpolate table step x = knot table (last_knot table).
  Proof. intros x beyond. unfold interpolate. apply Z.leb_le in beyond. rewrite beyond. reflexivity. Qed.

  Lemma interpolate_antitone : forall x y, 0 <= last_knot table -> 0 <= x <= y ->
    interpolate table step y <= interpolate table step x.
  Proof.
    intros x y some [nonneg le].
    assert (0 <= x / step) by (apply Z.div_pos; lia).
    assert (x / step <= y / step) by (apply Z.div_le_mono; lia).
    destruct (Z.lt_ge_cases (x / step) (last_knot table)) as [x_in | x_out].
    2: { rewrite !interpolate_beyond by lia. lia. }
    pose proof (interpolate_between x nonneg x_in) as bx.
    destruct (Z.lt_ge_cases (y / step) (last_knot table)) as [y_in | y_out].
    2: { rewrite (interpolate_beyond y) by lia. pose proof (knot_antitone (x / step + 1) (last_knot table)). lia. }
    pose proof (interpolate_between y ltac:(lia) y_in) as by_.
    destruct (Z.eq_dec (x / step) (y / step)) as [same | apart].
    - unfold interpolate. rewrite <- same.
      destruct (Z.leb_spec (last_knot table) (x / step)); [lia |].
      assert (x mod step <= y mod step) by (rewrite !Z.mod_eq by lia; rewrite <- same; lia).
      pose proof (knot_next (x / step)). apply Z.div_le_mono; nia.
    - pose proof (knot_antitone (x / step + 1) (y / step)). lia.
  Qed.

  Lemma interpolate_bounds : forall x, 0 <= last_knot table -> 0 <= x ->
    0 <= interpolate table step x <= knot table 0.
  Proof.
    intros x some nonneg. assert (0 <= x / step) by (apply Z.div_pos; lia).
    destruct (Z.lt_ge_cases (x / step) (last_knot table)) as [x_in | x_out].
    - pose proof (interpolate_between x nonneg x_in). pose proof (knot_next (x / step)).
      pose proof (knot_antitone 0 (x / step)). lia.
    - rewrite interpolate_beyond by lia. pose proof (knot_next (last_knot table)).
      pose proof (knot_antitone 0 (last_knot table)). lia.
  Qed.
End Tables.
