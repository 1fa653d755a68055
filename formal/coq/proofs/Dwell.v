(** Over any stretch of events: a posture rises one rung at a time, and only after it has been held for the dwell.

    The history of an account is the list of (market time, posture) after each event, newest first. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Posture Assessment Governor.
From Dolphin.Proofs Require Import Arithmetic Thresholds Deciding Rate.
Import ListNotations GovernorParams State.
Open Scope Z_scope.

Section Dwell.
  Variable g : GovernorParams.t.
  Hypothesis g_valid : valid g.

  Definition history := list (Z * Posture.posture).

  (** Since [posture_since_ns] the posture has been what it is: whatever else the history has in it is older. A latch has no use for this. *)
  Definition held_since (s : State.t) (h : history) : Prop :=
    is_latched s = false -> forall t p, In (t, p) h -> p <> posture s -> t <= posture_since_ns s.

  Definition past (at_ns : Z) (h : history) : Prop := forall t p, In (t, p) h -> t <= at_ns.

  Record faithful (at_ns : Z) (a : account) (h : history) : Prop := {
    is_consistent : consistent g at_ns a;
    is_past : past at_ns h;
    is_current_held : held_since (current a) h;
    is_stored_held : held_since (stored a) h;
  }.

  (** A step latches, or dates the posture now, or leaves it and dates it no earlier. *)
  Definition dated (s s' : State.t) (at_ns : Z) : Prop :=
    is_latched s' = true \/ posture_since_ns s' = at_ns
    \/ is_latched s = false /\ posture s' = posture s /\ posture_since_ns s <= posture_since_ns s'.

  Lemma held_after : forall s s' h at_ns, held_since s h -> dated s s' at_ns -> past at_ns h ->
    held_since s' ((at_ns, posture s') :: h).
  Proof.
    intros s s' h at_ns held date before unlatched t p [now_ | older] other; [inversion now_; congruence |].
    destruct date as [latched_ | [now_ | (was & same & later)]].
    - congruence.
    - rewrite now_. exact (before t p older).
    - rewrite same in other. specialize (held was t p older other). lia.
  Qed.

  Lemma govern_dated : forall s d, Deciding.sound s g -> time_ns s <= Demand.time_ns d -> dated s (govern s d g) (Demand.time_ns d).
  Proof.
    intros s d S later. pose proof (unseen_bounds s g g_valid d later) as U. unfold dated.
    destruct (is_latched s) eqn:unlatched; [left; apply govern_broken; tauto |].
    unfold govern. destruct (Z.ltb_spec (Demand.time_ns d) (time_ns s)); [lia |].
    destruct (_ || _); [left; reflexivity | right].
    destruct (negb (Demand.is_ready d)); [left; reflexivity |].
    destruct (negb (is_started s)); [left; reflexivity |].
    fold (unseen s d g). destruct (damped _ _ _ _ _) as [r anchor]. unfold moved. cbn [posture posture_since_ns].
    match goal with |- context [rank ?p =? rank (posture s)] =>
      match p with if _ then _ else _ => destruct (Z.eqb_spec (rank p) (rank (posture s))) as [same | other] end end.
    - right. apply rank_inj in same. repeat split; [exact same | lia].
    - left. reflexivity.
  Qed.

  (** What is in memory after an event, but for a full stop. *)
  Lemma keep_faithful : forall at_ns at_ns' a h s, faithful at_ns a h -> at_ns <= at_ns' -> dated (current a) s at_ns' ->
    consistent g at_ns' (keep a s) -> faithful at_ns' (keep a s) ((at_ns', posture s) :: h).
  Proof.
    intros at_ns at_ns' a h s [C before held stored_held] later date C'.
    assert (past at_ns' h) as before' by (intros t p older; specialize (before t p older); lia).
    pose proof (held_after _ _ _ _ held date before') as held'.
    split; [exact C' | | exact held' |].
    - intros t p [now_ | older]; [inversion now_; lia | exact (before' t p older)].
    - unfold keep. destruct (is_same_durable s (stored a)) eqn:same; cbn [stored]; [| exact held'].
      apply is_same_durable_spec in same. inversion same as [[E1 E2 E3 E4 E5]].
      intros unlatched t p [now_ | older] other; [inversion now_; congruence | exact (stored_held unlatched t p older other)].
  Qed.

  Theorem faithful_next : forall at_ns a h e, faithful at_ns a h -> in_order at_ns [e] ->
    faithful (clock_after at_ns e) (next g a e) ((clock_after at_ns e, posture (current (next g a e))) :: h).
  Proof.
    intros at_ns a h e F order. pose proof F as [C before held stored_held]. pose proof C as [S _ same time _ now_].
    pose proof (consistent_next g g_valid a at_ns e C order) as C'. destruct order as [order _].
    destruct e as [d | | | c |]; cbn [next clock_after current keep] in *.
    - destruct order as [R later]. apply keep_faithful with at_ns; try assumption. apply govern_dated; [exact S | lia].
    - apply keep_faithful with at_ns; try assumption; [lia | left; reflexivity].
    - destruct (unlatch (current a)) as [s |] eqn:E; cbn [keep current] in *.
      + destruct (unlatch_is _ _ E) as (-> & _ & _ & ready). apply keep_faithful with at_ns; try assumption; [lia |].
        right. left. exact (now_ ready).
      + split; [exact C | | |].
        * intros t p [at_ | older]; [inversion at_; lia | exact (before t p older)].
        * intros unlatched t p [at_ | older] other; [inversion at_; congruence | exact (held unlatched t p older other)].
        * inversion same as [[E1 E2 E3 E4 E5]].
          intros unlatched t p [at_ | older] other; [inversion at_; congruence | exact (stored_held unlatched t p older other)].
    - apply keep_faithful with at_ns; try assumption; [lia |]. unfold dated. cbn [forced is_latched posture posture_since_ns].
      destruct (is_latched (current a)); [left; reflexivity | right; right; repeat split; lia].
    - inversion same as [[E1 E2 E3 E4 E5]]. split; [exact C' | | |]; cbn [current stored restored posture posture_since_ns is_latched].
      + intros t p [at_ | older]; [inversion at_; lia | exact (before t p older)].
      + intros unlatched t p [at_ | older] other; cbn [restored posture] in other;
        [inversion at_; congruence | exact (stored_held unlatched t p older other)].
      + intros unlatched t p [at_ | older] other; [inversion at_; congruence | exact (stored_held unlatched t p older other)].
  Qed.

  (** Theorem 5 over any stretch: a rise is one rung up, by a demand, and for the dwell before it the posture was always the one that it
      rises from. (The first demand of an account that was never ready takes its posture at once: there is nothing to recover from.) *)
  Theorem a_rise_keeps_the_dwell : forall at_ns a h e, faithful at_ns a h -> in_order at_ns [e] -> is_started (current a) = true ->
    rank (posture (current (next g a e))) < rank (posture (current a)) ->
    exists d, e = Demanded d
      /\ rank (posture (current (next g a e))) = rank (posture (current a)) - 1
      /\ forall t p, In (t, p) h -> Demand.time_ns d - dwell_ns g < t -> p = posture (current a).
  Proof.
    intros at_ns a h e [C before held _] [order _] started rose. pose proof C as [S _ same time _ _].
    destruct e as [d | | | c |]; cbn [next keep current] in *.
    - exists d. destruct order as [R later]. split; [reflexivity |].
      assert (ordinary (current a) d) as o.
      { unfold ordinary. destruct (Demand.is_broken d) eqn:intact.
        { exfalso. revert rose. unfold govern. rewrite intact. cbn. destruct (posture (current a)); cbn; lia. }
        destruct (is_latched (current a)) eqn:unlatched.
        { exfalso. revert rose. unfold govern. rewrite unlatched, orb_true_r. cbn. destruct (posture (current a)); cbn; lia. }
        destruct (Demand.is_ready d) eqn:ready; [repeat split; try assumption; lia |].
        exfalso. revert rose. unfold govern. rewrite intact, unlatched, ready.
        destruct (Z.ltb_spec (Demand.time_ns d) (time_ns (current a))); cbn [orb negb posture]; [lia | lia]. }
      destruct (a_rise_is_one_rung_after_a_dwell (current a) g d o rose) as (one & _ & dwelt).
      split; [exact one |]. intros t p inside late.
      destruct (Z.eq_dec (rank p) (rank (posture (current a)))) as [E | other]; [apply rank_inj; exact E | exfalso].
      assert (p <> posture (current a)) as differs by congruence.
      destruct o as (_ & _ & unlatched & _). specialize (held unlatched t p inside differs).
      pose proof (unseen_bounds (current a) g g_valid d ltac:(lia)). lia.
    - exfalso. destruct (posture (current a)); cbn in rose; lia.
    - exfalso. destruct (unlatch (current a)) as [s |] eqn:E; cbn [keep current] in rose; [| lia].
      destruct (unlatch_is _ _ E) as (-> & _). cbn [released posture] in rose. lia.
    - exfalso. cbn [forced posture] in rose. lia.
    - exfalso. inversion same as [[E1 E2 E3 E4 E5]]. cbn [restored posture] in rose. rewrite E4 in rose. lia.
  Qed.

  Theorem initial_is_faithful : faithful 0 {| current := State.initial; stored := State.initial |} [].
  Proof.
    split; [apply initial_is_consistent; exact g_valid | | |]; intros ?; cbn; try tauto; intros ? ? [].
  Qed.
End Dwell.
