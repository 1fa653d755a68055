(** Over any stretch of events, full stops among them: R keeps its rate, a posture its dwell, a latch its zero.

    What runs is the state in memory and, behind it, the version of it in the database, which is written only when something durable
    changes and may therefore be old. A full stop goes on from that version. Everything else that can happen to an account is an event:
    a demand, somebody's word that an invariant is broken, an operator's release or ceiling.

    The rate is shown by a potential: R in nanoseconds of recovery, and the time banked since the anchor,

        potential s = r_ppm s * recovery_ns_per_ppm + (time_ns s - rise_anchor_ns s)

    No event raises it by more than the time that went by, and a full stop does not raise it at all. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Posture Assessment Governor.
From Dolphin.Proofs Require Import Arithmetic Thresholds Deciding.
Import ListNotations GovernorParams State.
Open Scope Z_scope.

Inductive event :=
  | Demanded (d : Demand.t)
  | Broken
  | Unlatched
  | Forced (ceiling : Posture.posture)
  | Stopped.

Record account := { current : State.t; stored : State.t }.

(** What [posture_gate.durable] compares. *)
Definition durable (s : State.t) : bool * bool * Z * Posture.posture * Posture.posture :=
  (is_started s, is_latched s, r_ppm s / R_STEP_PPM, posture s, ceiling s).

Definition same_posture (p q : Posture.posture) : bool := rank p =? rank q.

Definition is_same_durable (s t : State.t) : bool :=
  Bool.eqb (is_started s) (is_started t) && Bool.eqb (is_latched s) (is_latched t)
  && (r_ppm s / R_STEP_PPM =? r_ppm t / R_STEP_PPM) && same_posture (posture s) (posture t) && same_posture (ceiling s) (ceiling t).

Lemma is_same_durable_spec : forall s t, is_same_durable s t = true <-> durable s = durable t.
Proof.
  intros s t. unfold is_same_durable, durable, same_posture. rewrite !andb_true_iff, !eqb_true_iff, !Z.eqb_eq. split.
  - intros ((((E1 & E2) & E3) & E4) & E5). apply rank_inj in E4, E5. congruence.
  - intros E. inversion E. repeat split; congruence.
Qed.

(** The state in memory, with the version in the database renewed if something durable changed. *)
Definition keep (before : account) (s : State.t) : account :=
  {| current := s; stored := if is_same_durable s (stored before) then stored before else s |}.

Definition next (g : GovernorParams.t) (a : account) (e : event) : account :=
  match e with
  | Demanded d => keep a (govern (current a) d g)
  | Broken => keep a (latched (current a))
  | Unlatched => match unlatch (current a) with Some s => keep a s | None => a end
  | Forced ceiling => keep a (forced (current a) ceiling)
  | Stopped => {| current := restored (stored a); stored := stored a |}
  end.

Definition run (g : GovernorParams.t) (a : account) (events : list event) : account := fold_left (next g) events a.

(** Market time after an event: demands bring it, in order. *)
Definition clock_after (at_ns : Z) (e : event) : Z := match e with Demanded d => Demand.time_ns d | _ => at_ns end.
Definition clock_at (at_ns : Z) (events : list event) : Z := fold_left clock_after events at_ns.

(** Demands are readable and in order of time (the feed makes market time strictly increasing). *)
Fixpoint in_order (at_ns : Z) (events : list event) : Prop :=
  match events with
  | nil => True
  | e :: rest => match e with Demanded d => readable d /\ at_ns <= Demand.time_ns d | _ => True end /\ in_order (clock_after at_ns e) rest
  end.

(** * What an account keeps to *)

Record consistent (g : GovernorParams.t) (at_ns : Z) (a : account) : Prop := {
  current_sound : sound (current a) g;
  stored_sound : sound (stored a) g;
  stored_is_current : durable (stored a) = durable (current a);
  time_past : time_ns (current a) <= at_ns;
  stored_past : time_ns (stored a) <= at_ns;
  ready_is_now : is_ready (current a) = true -> time_ns (current a) = at_ns;
}.

Section Account.
  Variable g : GovernorParams.t.
  Hypothesis g_valid : valid g.

  Lemma released_is_sound : forall s, sound s g -> sound (released s) g.
  Proof. intros s []. destruct g_valid. unfold MS in *. split; cbn [released time_ns r_ppm rise_anchor_ns posture_since_ns]; try assumption; lia. Qed.

  Lemma forced_is_sound : forall s c, sound s g -> sound (forced s c) g.
  Proof. intros s c []. split; assumption. Qed.

  Lemma floor_bounds : forall r, 0 <= r -> 0 <= r / R_STEP_PPM * R_STEP_PPM <= r.
  Proof.
    intros r nonneg. assert (0 < R_STEP_PPM) as step by reflexivity.
    pose proof (Z.div_pos r R_STEP_PPM nonneg step). pose proof (Z.mul_div_le r R_STEP_PPM step). lia.
  Qed.

  Lemma restored_is_sound : forall s, sound s g -> sound (restored s) g.
  Proof.
    intros s []. destruct g_valid. pose proof (floor_bounds (r_ppm s)). unfold MS, is_ppm in *.
    split; cbn [restored time_ns r_ppm rise_anchor_ns posture_since_ns]; unfold is_ppm; try assumption; lia.
  Qed.

  Lemma durable_restored : forall s, durable (restored s) = durable s.
  Proof.
    intros. unfold durable. cbn [restored is_started is_latched r_ppm posture ceiling].
    rewrite Z.div_mul by discriminate. reflexivity.
  Qed.

  Lemma unlatch_is : forall s s', unlatch s = Some s' ->
    s' = released s /\ is_latched s = true /\ is_broken s = false /\ is_ready s = true.
  Proof.
    unfold unlatch. intros s s'. destruct (is_latched s), (is_broken s), (is_ready s); cbn; intros E; inversion E; auto.
  Qed.

  Lemma keep_consistent : forall a s at_ns at_ns', consistent g at_ns a -> at_ns <= at_ns' ->
    sound s g -> time_ns s <= at_ns' -> (is_ready s = true -> time_ns s = at_ns') -> consistent g at_ns' (keep a s).
  Proof.
    intros a s at_ns at_ns' [] later S past now_. unfold keep.
    destruct (is_same_durable s (stored a)) eqn:same; split; cbn [current stored]; try assumption; try lia; try reflexivity.
    apply is_same_durable_spec in same. congruence.
  Qed.

  Lemma govern_time : forall s d, time_ns s <= Demand.time_ns d -> time_ns (govern s d g) = Demand.time_ns d.
  Proof.
    intros s d later. unfold govern. destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
    destruct (_ || _); [reflexivity |]. destruct (negb (Demand.is_ready d)); [reflexivity |].
    destruct (negb (is_started s)); [reflexivity |].
    destruct (damped _ _ _ _ _). destruct (moved _ _ _ _ _). reflexivity.
  Qed.

  Theorem consistent_next : forall a at_ns e, consistent g at_ns a -> in_order at_ns [e] ->
    consistent g (clock_after at_ns e) (next g a e).
  Proof.
    intros a at_ns e C [order _]. pose proof C as []. destruct e as [d | | | c |]; cbn [clock_after next] in *.
    - destruct order as [R later].
      apply keep_consistent with at_ns; try assumption; [apply sound_after; assumption | |]; rewrite govern_time by lia; lia.
    - apply keep_consistent with at_ns; try assumption; try lia. apply latched_is_sound; [assumption |]. apply time_nonneg with g. assumption.
    - destruct (unlatch (current a)) as [s |] eqn:released_; [| exact C].
      destruct (unlatch_is _ _ released_) as (-> & _ & _ & ready).
      apply keep_consistent with at_ns; try assumption; try lia. apply released_is_sound. assumption.
    - apply keep_consistent with at_ns; try assumption; try lia. apply forced_is_sound. assumption.
    - split; cbn [current stored]; try assumption; [apply restored_is_sound; assumption | symmetry; apply durable_restored |].
      intros ready. discriminate.
  Qed.

  Theorem consistent_run : forall events a at_ns, consistent g at_ns a -> in_order at_ns events ->
    consistent g (clock_at at_ns events) (run g a events).
  Proof.
    induction events as [| e events IH]; intros a at_ns C order; [exact C |].
    destruct order as [first others]. apply IH; [| exact others]. apply consistent_next; [exact C |]. split; [exact first | exact I].
  Qed.

  (** * Theorem 4: the rate *)

  Definition potential (s : State.t) : Z := r_ppm s * recovery_ns_per_ppm g + (time_ns s - rise_anchor_ns s).

  Lemma potential_latched : forall s, potential (latched s) = 0.
  Proof. intros. unfold potential. cbn [latched r_ppm time_ns rise_anchor_ns]. lia. Qed.

  Lemma potential_damped : forall s r_cmd at_ns unseen_ns, sound s g -> rise_anchor_ns s + unseen_ns <= at_ns ->
    fst (damped s r_cmd at_ns unseen_ns g) * recovery_ns_per_ppm g + (at_ns - snd (damped s r_cmd at_ns unseen_ns g))
    <= r_ppm s * recovery_ns_per_ppm g + (at_ns - rise_anchor_ns s - unseen_ns).
  Proof.
    intros s r_cmd at_ns unseen_ns [] order. destruct g_valid. unfold damped, MS in *.
    destruct (Z.leb_spec r_cmd (r_ppm s)) as [fell | rose]; cbn [fst snd]; [nia |].
    set (from := rise_anchor_ns s + unseen_ns) in *. set (gain := (at_ns - from) / recovery_ns_per_ppm g).
    assert (recovery_ns_per_ppm g * gain <= at_ns - from) as taken by (apply Z.mul_div_le; lia).
    destruct (Z.leb_spec r_cmd (r_ppm s + gain)); cbn [fst snd]; nia.
  Qed.

  (** A demand raises the potential by no more than the time that went by, and by nothing where the one before was not ready. *)
  Lemma potential_govern : forall s d, sound s g -> readable d -> time_ns s <= Demand.time_ns d -> is_started s = true ->
    potential (govern s d g) <= potential s + (if is_ready s then Demand.time_ns d - time_ns s else 0).
  Proof.
    intros s d S R later started. pose proof S as [s_time s_r s_anchor s_since].
    assert (0 <= potential s) as nonneg by (destruct g_valid; unfold potential, is_ppm, MS in *; nia).
    assert (0 <= (if is_ready s then Demand.time_ns d - time_ns s else 0)) as nonneg' by (destruct (is_ready s); lia).
    destruct (Demand.is_broken d) eqn:intact; [| destruct (is_latched s) eqn:unlatched; [| destruct (Demand.is_ready d) eqn:ready]].
    1, 2, 4: unfold govern; destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
    - rewrite intact. cbn [orb]. rewrite potential_latched. lia.
    - rewrite intact, unlatched. cbn [orb]. rewrite potential_latched. lia.
    - rewrite intact, unlatched, ready. cbn [orb negb]. unfold potential in *. cbn [r_ppm time_ns rise_anchor_ns]. lia.
    - rewrite (govern_ordinary s g) by (repeat split; assumption).
      pose proof (unseen_bounds s g g_valid d later) as U. unfold potential at 1. cbn [r_ppm time_ns rise_anchor_ns].
      pose proof (potential_damped s (Demand.r_cmd_ppm d) (Demand.time_ns d) (unseen s d g) S ltac:(lia)) as P.
      unfold potential. unfold unseen in P at 3. destruct g_valid. unfold MS in *. destruct (is_ready s); lia.
  Qed.

  Lemma potential_released : forall s, sound s g -> potential (released s) <= potential s.
  Proof. intros s []. unfold potential. cbn [released r_ppm time_ns rise_anchor_ns]. lia. Qed.

  (** A full stop gives nothing: the version in the database has the same whole per cents. *)
  Lemma potential_restored : forall s v, sound s g -> durable v = durable s -> potential (restored v) <= potential s.
  Proof.
    intros s v [s_time s_r s_anchor s_since] same. destruct g_valid. inversion same as [[E1 E2 E3 E4 E5]].
    unfold potential, MS, is_ppm in *. cbn [restored r_ppm time_ns rise_anchor_ns]. rewrite E3.
    pose proof (floor_bounds (r_ppm s)). nia.
  Qed.

  Lemma started_stays : forall a at_ns e, consistent g at_ns a -> is_started (current a) = true ->
    is_started (current (next g a e)) = true.
  Proof.
    intros a at_ns e [] started. destruct e as [d | | | c |]; cbn [next keep current]; try reflexivity; try assumption.
    - unfold govern. destruct (_ || _); [reflexivity |]. destruct (negb (Demand.is_ready d)); [exact started |].
      rewrite started. cbn [negb]. destruct (damped _ _ _ _ _). destruct (moved _ _ _ _ _). reflexivity.
    - destruct (unlatch (current a)) as [s |] eqn:E; [| exact started]. destruct (unlatch_is _ _ E) as (-> & _). exact started.
    - inversion stored_is_current0 as [[E1 E2 E3 E4 E5]]. cbn [restored is_started]. congruence.
  Qed.

  Lemma potential_next : forall a at_ns e, consistent g at_ns a -> in_order at_ns [e] -> is_started (current a) = true ->
    potential (current (next g a e)) <= potential (current a) + (clock_after at_ns e - at_ns).
  Proof.
    intros a at_ns e C [order _] started. pose proof C as []. destruct e as [d | | | c |]; cbn [next keep current clock_after] in *.
    - destruct order as [R later].
      pose proof (potential_govern (current a) d current_sound0 R ltac:(lia) started) as P.
      destruct (is_ready (current a)) eqn:ready; [rewrite (ready_is_now0 eq_refl) in P |]; lia.
    - rewrite potential_latched. destruct current_sound0, g_valid. unfold potential, is_ppm, MS in *. nia.
    - destruct (unlatch (current a)) as [s |] eqn:E; cbn [keep current]; [| lia].
      destruct (unlatch_is _ _ E) as (-> & _). pose proof (potential_released (current a) current_sound0). lia.
    - unfold potential. cbn [forced r_ppm time_ns rise_anchor_ns]. lia.
    - pose proof (potential_restored (current a) (stored a) current_sound0 stored_is_current0). lia.
  Qed.

  Lemma potential_run : forall events a at_ns, consistent g at_ns a -> in_order at_ns events -> is_started (current a) = true ->
    potential (current (run g a events)) <= potential (current a) + (clock_at at_ns events - at_ns).
  Proof.
    induction events as [| e events IH]; intros a at_ns C order started; [cbn; lia |].
    destruct order as [first others]. assert (in_order at_ns [e]) as one by (split; [exact first | exact I]).
    pose proof (potential_next a at_ns e C one started).
    specialize (IH (next g a e) (clock_after at_ns e) (consistent_next a at_ns e C one) others (started_stays a at_ns e C started)).
    unfold run, clock_at in *. cbn [fold_left]. lia.
  Qed.

  (** Between any two moments R has risen by less than the time between them at the rate, and one ppm. Whatever happened: gaps, full stops,
      latches, releases. [a] is the account at the first moment, at market time [at_ns]. *)
  Theorem r_never_rises_faster_than_the_rate : forall events a at_ns,
    consistent g at_ns a -> in_order at_ns events -> is_started (current a) = true ->
    (r_ppm (current (run g a events)) - r_ppm (current a) - 1) * recovery_ns_per_ppm g < clock_at at_ns events - at_ns.
  Proof.
    intros events a at_ns C order started.
    pose proof (potential_run events a at_ns C order started) as P.
    pose proof (consistent_run events a at_ns C order) as C'.
    destruct (current_sound _ _ _ C) as [_ _ anchor _]. destruct (current_sound _ _ _ C') as [_ _ anchor' _].
    unfold potential in P. lia.
  Qed.

  (** * Theorem 7: the latch *)

  (** What sets it: a demand with something broken in it, one from the past, anybody's word. *)
  Theorem broken_is_zero_at_once : forall s d, Demand.is_broken d = true \/ Demand.time_ns d < time_ns s ->
    Grant.cap_ppm (grant (govern s d g)) = 0 /\ Grant.posture (grant (govern s d g)) = HIBERNATE.
  Proof. intros s d why. rewrite grant_latched by (apply govern_broken; tauto). split; reflexivity. Qed.

  Theorem anybody's_word_is_zero_at_once : forall s, Grant.cap_ppm (grant (latched s)) = 0.
  Proof. reflexivity. Qed.

  (** No event but an accepted release ends it; no full stop does. *)
  Theorem a_latch_ends_only_by_a_release : forall a at_ns e, consistent g at_ns a -> is_latched (current a) = true ->
    is_latched (current (next g a e)) = false -> e = Unlatched /\ is_broken (current a) = false /\ is_ready (current a) = true.
  Proof.
    intros a at_ns e [] held. destruct e as [d | | | c |]; cbn [next keep current].
    - rewrite govern_broken by tauto. discriminate.
    - discriminate.
    - destruct (unlatch (current a)) as [s |] eqn:E; [| congruence].
      destruct (unlatch_is _ _ E) as (-> & _ & intact & ready). auto.
    - cbn [forced is_latched]. congruence.
    - inversion stored_is_current0 as [[E1 E2 E3 E4 E5]]. cbn [restored is_latched]. congruence.
  Qed.

  (** While the last demand named something broken, or none is ready, a release changes nothing. *)
  Theorem a_release_is_refused_while_broken : forall a, is_broken (current a) = true \/ is_ready (current a) = false ->
    next g a Unlatched = a.
  Proof.
    intros a [broken | not_ready]; cbn [next]; unfold unlatch.
    - rewrite broken, orb_true_r. reflexivity.
    - rewrite not_ready. rewrite orb_true_r. reflexivity.
  Qed.

  (** Latched, the grant is 0 through everything that is not a release. *)
  Theorem latched_is_zero_until_a_release : forall events a at_ns,
    consistent g at_ns a -> in_order at_ns events -> is_latched (current a) = true -> ~ In Unlatched events ->
    is_latched (current (run g a events)) = true /\ Grant.cap_ppm (grant (current (run g a events))) = 0.
  Proof.
    induction events as [| e events IH]; intros a at_ns C order held none.
    - split; [exact held | cbn; rewrite grant_latched by exact held; reflexivity].
    - destruct order as [first others]. assert (in_order at_ns [e]) as one by (split; [exact first | exact I]).
      apply (IH (next g a e) (clock_after at_ns e)); [apply consistent_next; assumption | exact others | | intros H; apply none; right; exact H].
      destruct (is_latched (current (next g a e))) eqn:after; [reflexivity |].
      destruct (a_latch_ends_only_by_a_release a at_ns e C held after) as [-> _]. exfalso. apply none. left. reflexivity.
  Qed.

  (** After a full stop nothing is granted before a demand that is ready. *)
  Theorem nothing_is_granted_after_a_full_stop : forall a, Grant.cap_ppm (grant (current (next g a Stopped))) = 0.
  Proof. intros. cbn [next current]. rewrite grant_not_ready by reflexivity. reflexivity. Qed.

  (** * The first account keeps to all of this *)

  Theorem initial_is_consistent : consistent g 0 {| current := State.initial; stored := State.initial |}.
  Proof.
    assert (sound State.initial g) as S.
    { destruct g_valid. unfold MS in *. split; cbn [State.initial time_ns r_ppm rise_anchor_ns posture_since_ns]; unfold is_ppm; ppm. }
    split; cbn [current stored]; try assumption; cbn; try lia; try reflexivity; discriminate.
  Qed.
End Account.
