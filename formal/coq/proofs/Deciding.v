(** The deciding half in one step: what its state keeps to, the latch, the thresholds, and monotony in the demand. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Posture Assessment Governor.
From Dolphin.Proofs Require Import Arithmetic Thresholds.
Import GovernorParams State.
Open Scope Z_scope.

(** * The invariant of the state *)

Record sound (s : State.t) (g : GovernorParams.t) : Prop := {
  time_nonneg : 0 <= time_ns s;
  r_in : is_ppm (r_ppm s);
  anchor_in : 0 <= time_ns s - rise_anchor_ns s < recovery_ns_per_ppm g;  (* less than a ppm is ever banked *)
  since_in : posture_since_ns s <= time_ns s;
}.

(** A demand as the entry accepts it. *)
Definition readable (d : Demand.t) : Prop := 0 <= Demand.time_ns d /\ is_ppm (Demand.r_cmd_ppm d).

(** Time that a demand leaves unseen. *)
Definition unseen (s : State.t) (d : Demand.t) (g : GovernorParams.t) : Z :=
  Z.max 0 (Demand.time_ns d - time_ns s - (if is_ready s then seen_ns g else 0)).

Lemma grant_latched : forall s, is_latched s = true -> grant s = {| Grant.posture := HIBERNATE; Grant.cap_ppm := 0; Grant.r_ppm := 0 |}.
Proof. intros s latched. unfold grant. rewrite latched. reflexivity. Qed.

Lemma grant_not_ready : forall s, is_ready s = false ->
  grant s = {| Grant.posture := HIBERNATE; Grant.cap_ppm := 0; Grant.r_ppm := 0 |}.
Proof. intros s not_ready. unfold grant. rewrite not_ready, orb_true_r. reflexivity. Qed.

Section Step.
  Variables (s : State.t) (g : GovernorParams.t).
  Hypothesis g_valid : valid g.
  Hypothesis s_sound : sound s g.

  Lemma unseen_bounds : forall d, time_ns s <= Demand.time_ns d -> 0 <= unseen s d g <= Demand.time_ns d - time_ns s.
  Proof. intros d later. destruct g_valid. unfold unseen, MS in *. destruct (is_ready s); lia. Qed.

  (** ** What each kind of step does *)

  (** A demand in order, on a state that is neither broken nor latched, ready and started before. *)
  Definition ordinary (d : Demand.t) : Prop :=
    Demand.is_broken d = false /\ time_ns s <= Demand.time_ns d /\ is_latched s = false
    /\ Demand.is_ready d = true /\ is_started s = true.

  Lemma govern_ordinary : forall d, ordinary d ->
    govern s d g =
    {| time_ns := Demand.time_ns d; is_started := true; is_ready := true; is_broken := false; is_latched := false;
       r_ppm := fst (damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g);
       rise_anchor_ns := snd (damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g);
       posture := fst (moved s (fst (damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g))
                             (Demand.time_ns d) (unseen s d g) g);
       posture_since_ns := snd (moved s (fst (damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g))
                                      (Demand.time_ns d) (unseen s d g) g);
       ceiling := ceiling s |}.
  Proof.
    intros d (intact & later & unlatched & ready & started). unfold govern.
    destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
    rewrite intact, unlatched, ready, started. cbn [orb negb]. fold (unseen s d g).
    destruct (damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) g) as [r anchor]. cbn [fst snd].
    destruct (moved s r (Demand.time_ns d) (unseen s d g) g) as [next since]. reflexivity.
  Qed.

  (** A broken demand, one from the past, or any on a latched state, latches. *)
  Lemma govern_broken : forall d,
    Demand.is_broken d = true \/ Demand.time_ns d < time_ns s \/ is_latched s = true -> is_latched (govern s d g) = true.
  Proof.
    intros d why. unfold govern.
    destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)) as [back | later].
    - rewrite orb_true_r. reflexivity.
    - rewrite orb_false_r. destruct (Demand.is_broken d); [reflexivity |].
      destruct (is_latched s); [reflexivity |]. exfalso. destruct why as [? | [? | ?]]; try discriminate. lia.
  Qed.

  (** ** R *)

  Lemma damped_is_ppm : forall r_cmd at_ns unseen_ns,
    is_ppm r_cmd -> rise_anchor_ns s + unseen_ns <= at_ns -> is_ppm (fst (damped s r_cmd at_ns unseen_ns g)).
  Proof.
    intros r_cmd at_ns unseen_ns R order. destruct g_valid, s_sound. unfold damped, is_ppm, MS in *.
    destruct (Z.leb_spec r_cmd (r_ppm s)); cbn [fst]; [lia |].
    destruct (Z.leb_spec r_cmd (r_ppm s + (at_ns - (rise_anchor_ns s + unseen_ns)) / recovery_ns_per_ppm g)); cbn [fst]; [lia |].
    pose proof (Z.div_pos (at_ns - (rise_anchor_ns s + unseen_ns)) (recovery_ns_per_ppm g)). lia.
  Qed.

  Lemma damped_le_cmd : forall r_cmd at_ns unseen_ns, fst (damped s r_cmd at_ns unseen_ns g) <= r_cmd.
  Proof.
    intros. unfold damped. destruct (r_cmd <=? r_ppm s); cbn [fst]; [lia |].
    destruct (Z.leb_spec r_cmd (r_ppm s + (at_ns - (rise_anchor_ns s + unseen_ns)) / recovery_ns_per_ppm g)); cbn [fst]; lia.
  Qed.

  Lemma damped_mono : forall r r' at_ns unseen_ns, r <= r' -> rise_anchor_ns s + unseen_ns <= at_ns ->
    fst (damped s r at_ns unseen_ns g) <= fst (damped s r' at_ns unseen_ns g).
  Proof.
    intros r r' at_ns unseen_ns le order. destruct g_valid. unfold damped, MS in *.
    assert (0 <= (at_ns - (rise_anchor_ns s + unseen_ns)) / recovery_ns_per_ppm g) by (apply Z.div_pos; lia).
    set (gain := (at_ns - (rise_anchor_ns s + unseen_ns)) / recovery_ns_per_ppm g) in *.
    destruct (Z.leb_spec r (r_ppm s)), (Z.leb_spec r' (r_ppm s)); cbn [fst]; try lia;
      destruct (Z.leb_spec r' (r_ppm s + gain)); cbn [fst]; try lia;
      destruct (Z.leb_spec r (r_ppm s + gain)); cbn [fst]; lia.
  Qed.

  Lemma damped_anchor : forall r_cmd at_ns unseen_ns, rise_anchor_ns s + unseen_ns <= at_ns ->
    0 <= at_ns - snd (damped s r_cmd at_ns unseen_ns g) < recovery_ns_per_ppm g.
  Proof.
    intros r_cmd at_ns unseen_ns order. destruct g_valid. unfold damped, MS in *.
    destruct (r_cmd <=? r_ppm s); cbn [snd]; [lia |].
    destruct (r_cmd <=? _); cbn [snd]; [lia |].
    pose proof (Z.mod_pos_bound (at_ns - (rise_anchor_ns s + unseen_ns)) (recovery_ns_per_ppm g) ltac:(lia)) as M.
    rewrite Z.mod_eq in M by lia. lia.
  Qed.

  (** ** Posture *)

  Lemma moved_antitone : forall r r' at_ns unseen_ns, r <= r' ->
    rank (fst (moved s r' at_ns unseen_ns g)) <= rank (fst (moved s r at_ns unseen_ns g)).
  Proof.
    intros r r' at_ns unseen_ns le. unfold moved. cbn [fst].
    pose proof (fallen_antitone (posture s) r r' le) as F.
    pose proof (fallen_never_milder (posture s) r'). pose proof (fallen_never_milder (posture s) r).
    destruct (Z.eqb_spec (rank (fallen (posture s) r)) (rank (posture s))) as [kept | fell];
      destruct (Z.eqb_spec (rank (fallen (posture s) r')) (rank (posture s))) as [kept' | fell']; try lia;
      destruct (dwell_ns g <=? _); cbn [andb]; try lia.
    - apply rank_inj in kept, kept'. rewrite kept, kept'. apply risen_mono; [exact le | lia].
    - pose proof (risen_one_rung (fallen (posture s) r') r'). lia.
  Qed.

  Lemma moved_since : forall r at_ns unseen_ns, posture_since_ns s + unseen_ns <= at_ns ->
    snd (moved s r at_ns unseen_ns g) <= at_ns.
  Proof. intros. unfold moved. cbn [snd]. destruct (rank _ =? rank (posture s)); lia. Qed.

  (** ** The invariant is kept *)

  Lemma latched_is_sound : forall s', 0 <= time_ns s' -> sound (latched s') g.
  Proof.
    intros s' nonneg. destruct g_valid. unfold MS in *.
    split; cbn [latched time_ns r_ppm rise_anchor_ns posture_since_ns]; unfold is_ppm; try ppm.
  Qed.

  Theorem sound_after : forall d, readable d -> sound (govern s d g) g.
  Proof.
    intros d [time_nonneg R]. destruct g_valid as [rate dwell seen lease]. destruct s_sound as [s_time s_r s_anchor s_since].
    destruct (Z.lt_ge_cases (Demand.time_ns d) (time_ns s)) as [back | later].
    - unfold govern. apply Z.ltb_lt in back. rewrite back, orb_true_r. cbn [orb]. apply latched_is_sound. exact s_time.
    - pose proof (unseen_bounds d ltac:(lia)) as U.
      destruct (Demand.is_broken d) eqn:intact; [| destruct (is_latched s) eqn:unlatched; [| destruct (Demand.is_ready d) eqn:ready;
        [destruct (is_started s) eqn:started |]]].
      1, 2, 4, 5: unfold govern; destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
      1: rewrite intact. 2: rewrite intact, unlatched. 3: rewrite intact, unlatched, ready, started. 4: rewrite intact, unlatched, ready.
      1-4: cbn [orb negb].
      1, 2: apply latched_is_sound; cbn [time_ns]; lia.
      1, 2: unfold MS in *; split; cbn [time_ns r_ppm rise_anchor_ns posture_since_ns]; try assumption; lia.
      rewrite govern_ordinary by (repeat split; assumption || lia).
      split; cbn [time_ns r_ppm rise_anchor_ns posture_since_ns].
      + lia.
      + apply damped_is_ppm; [exact R | lia].
      + apply damped_anchor. lia.
      + apply moved_since. lia.
  Qed.

  (** ** Theorem 2, the deciding half: a command of 0 is a cap of 0 in the same step *)

  Theorem zero_in_zero_out : forall d, readable d -> Demand.r_cmd_ppm d = 0 ->
    Grant.cap_ppm (grant (govern s d g)) = 0 /\ Grant.r_ppm (grant (govern s d g)) = 0.
  Proof.
    intros d readable_d zero.
    assert (is_latched (govern s d g) = true \/ is_ready (govern s d g) = false \/ r_ppm (govern s d g) = 0) as cases.
    { destruct (Z.lt_ge_cases (Demand.time_ns d) (time_ns s)); [left; apply govern_broken; tauto |].
      destruct (Demand.is_broken d) eqn:intact; [left; apply govern_broken; tauto |].
      destruct (is_latched s) eqn:unlatched; [left; apply govern_broken; tauto | right].
      destruct (Demand.is_ready d) eqn:ready.
      - right. destruct (is_started s) eqn:started.
        + rewrite govern_ordinary by (repeat split; assumption || lia). cbn [r_ppm]. rewrite zero.
          destruct s_sound. unfold damped, is_ppm in *. destruct (Z.leb_spec 0 (r_ppm s)); [reflexivity | lia].
        + unfold govern. destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
          rewrite intact, unlatched, ready, started. cbn [orb negb r_ppm]. exact zero.
      - left. unfold govern. destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
        rewrite intact, unlatched, ready. reflexivity. }
    destruct cases as [latched | [not_ready | r_zero]].
    - rewrite grant_latched by exact latched. split; reflexivity.
    - rewrite grant_not_ready by exact not_ready. split; reflexivity.
    - unfold grant. rewrite r_zero. destruct (_ || _); cbn; [split; reflexivity | split; [apply cap_0 | reflexivity]].
  Qed.

  (** ** Theorem 5: thresholds and dwell *)

  (** In a band nothing moves, however long it lasts. *)
  Theorem no_change_within_a_band : forall d, ordinary d ->
    in_band (posture s) (r_ppm (govern s d g)) -> posture (govern s d g) = posture s.
  Proof.
    intros d o. rewrite govern_ordinary by exact o. cbn [r_ppm posture]. intros band. unfold moved. cbn [fst].
    destruct (in_band_stays _ _ band) as [fallen_same risen_same]. rewrite fallen_same, risen_same. destruct (_ && _); reflexivity.
  Qed.

  (** A rise takes one rung, through its threshold, after a dwell of seen time. *)
  Theorem a_rise_is_one_rung_after_a_dwell : forall d, ordinary d ->
    rank (posture (govern s d g)) < rank (posture s) ->
    rank (posture (govern s d g)) = rank (posture s) - 1
    /\ leave_above_ppm (posture s) < r_ppm (govern s d g)
    /\ dwell_ns g <= Demand.time_ns d - posture_since_ns s - unseen s d g.
  Proof.
    intros d o. rewrite govern_ordinary by exact o. cbn [r_ppm posture]. set (r := fst (damped _ _ _ _ _)).
    unfold moved. cbn [fst]. pose proof (fallen_never_milder (posture s) r).
    destruct (Z.eqb_spec (rank (fallen (posture s) r)) (rank (posture s))) as [kept | fell]; cbn [andb]; [| lia].
    destruct (Z.leb_spec (dwell_ns g) (Demand.time_ns d - (posture_since_ns s + unseen s d g))); [| lia].
    apply rank_inj in kept. rewrite kept. intros rose.
    pose proof (risen_one_rung (posture s) r). repeat split; try lia.
    unfold risen in rose. destruct (Z.ltb_spec (leave_above_ppm (posture s)) r); lia.
  Qed.

  (** ** Theorem 3, the deciding half *)

  Definition at_most (w b : Grant.t) : Prop :=
    Grant.cap_ppm w <= Grant.cap_ppm b /\ Grant.r_ppm w <= Grant.r_ppm b /\ rank (Grant.posture b) <= rank (Grant.posture w).

  Lemma nothing_is_at_most : forall s', is_ppm (r_ppm s') ->
    at_most {| Grant.posture := HIBERNATE; Grant.cap_ppm := 0; Grant.r_ppm := 0 |} (grant s').
  Proof.
    intros s' R. unfold at_most, grant, is_ppm in *.
    destruct (_ || _); cbn [Grant.cap_ppm Grant.r_ppm Grant.posture]; [repeat split; lia |].
    pose proof (cap_nonneg (stricter (posture s') (ceiling s')) (r_ppm s')).
    destruct (stricter (posture s') (ceiling s')); cbn [rank]; repeat split; lia.
  Qed.

  Lemma grant_mono : forall s1 s2, is_latched s2 = false -> is_ready s2 = true -> ceiling s1 = ceiling s2 ->
    is_ppm (r_ppm s1) -> is_ppm (r_ppm s2) ->
    r_ppm s1 <= r_ppm s2 -> rank (posture s2) <= rank (posture s1) -> at_most (grant s1) (grant s2).
  Proof.
    intros s1 s2 unlatched ready same R1 R2 le order. unfold grant at 1.
    destruct (is_latched s1 || negb (is_ready s1)); [apply nothing_is_at_most; exact R2 |].
    unfold at_most, grant. rewrite unlatched, ready. cbn [orb negb Grant.cap_ppm Grant.r_ppm Grant.posture].
    rewrite same, !stricter_rank. unfold is_ppm in *. repeat split; try lia.
    apply cap_mono; [lia |]. rewrite !stricter_rank. lia.
  Qed.

  Theorem govern_mono : forall w b, readable w -> readable b ->
    Demand.is_broken w = true \/ Demand.is_ready w = false
    \/ Demand.is_broken b = false /\ Demand.is_ready b = true
       /\ Demand.time_ns w = Demand.time_ns b /\ Demand.r_cmd_ppm w <= Demand.r_cmd_ppm b ->
    at_most (grant (govern s w g)) (grant (govern s b g)).
  Proof.
    intros w b readable_w readable_b order.
    pose proof (r_in _ _ (sound_after b readable_b)) as Rb. pose proof (r_in _ _ (sound_after w readable_w)) as Rw.
    destruct (is_latched (govern s w g)) eqn:latched_w.
    { rewrite grant_latched by exact latched_w. apply nothing_is_at_most. exact Rb. }
    destruct (is_ready (govern s w g)) eqn:ready_w.
    2: { rewrite grant_not_ready by exact ready_w. apply nothing_is_at_most. exact Rb. }
    (* so w was neither broken nor late nor on a latch, and it was ready *)
    assert (Demand.is_broken w = false) as intact.
    { destruct (Demand.is_broken w) eqn:E; [| reflexivity]. rewrite govern_broken in latched_w by tauto. discriminate. }
    assert (time_ns s <= Demand.time_ns w) as later.
    { destruct (Z.lt_ge_cases (Demand.time_ns w) (time_ns s)); [| assumption]. rewrite govern_broken in latched_w by tauto. discriminate. }
    assert (is_latched s = false) as unlatched.
    { destruct (is_latched s) eqn:E; [| reflexivity]. rewrite govern_broken in latched_w by tauto. discriminate. }
    assert (Demand.is_ready w = true) as ready.
    { revert ready_w. unfold govern. destruct (Z.ltb_spec (Demand.time_ns w) (time_ns s)); [lia |].
      rewrite intact, unlatched. destruct (Demand.is_ready w); [reflexivity |]. cbn. congruence. }
    destruct order as [? | [? | (intact_b & ready_b & same & le)]]; [congruence | congruence |].
    destruct (is_started s) eqn:started.
    - assert (ordinary w) as ow by (repeat split; assumption).
      assert (ordinary b) as ob by (repeat split; try assumption; lia).
      assert (unseen s w g = unseen s b g) as same_unseen by (unfold unseen; rewrite same; reflexivity).
      pose proof (unseen_bounds w later) as U. destruct s_sound.
      rewrite (govern_ordinary w ow) in *. rewrite (govern_ordinary b ob) in *.
      assert (fst (damped s (Demand.r_cmd_ppm w) (Demand.time_ns w) (unseen s w g) g)
              <= fst (damped s (Demand.r_cmd_ppm b) (Demand.time_ns b) (unseen s b g) g)) as r_order
        by (rewrite same, same_unseen in *; apply damped_mono; lia).
      apply grant_mono; cbn [is_latched is_ready ceiling r_ppm posture] in *; try reflexivity; try assumption.
      rewrite same, same_unseen in *. apply moved_antitone. exact r_order.
    - revert Rw Rb. unfold govern.
      destruct (Z.ltb_spec (Demand.time_ns w) (time_ns s)); [lia |]. destruct (Z.ltb_spec (Demand.time_ns b) (time_ns s)); [lia |].
      rewrite intact, intact_b, unlatched, ready, ready_b, started. cbn [orb negb]. intros Rw Rb.
      apply grant_mono; cbn [is_latched is_ready ceiling r_ppm posture] in *; try reflexivity; try assumption.
      apply first_antitone. exact le.
  Qed.
End Step.
