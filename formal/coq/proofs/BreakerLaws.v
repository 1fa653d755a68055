(** The adaptive cut-off and the account: a cut is at once, loosening is one level and only when all is clear, the operator's word is final.

    The theorems hold for every state, also one that no history leads to. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Params Factors Posture Manual Breaker Account.
From Dolphin.Proofs Require Import Arithmetic Thresholds.
Import ListNotations BreakerParams Entry.
Open Scope Z_scope.

(** * The combined severity *)

Lemma calm_from_bounds : forall severities start, is_ppm start -> Forall is_ppm severities ->
  let left := fold_left (fun calm_ppm s => mul calm_ppm (ONE - s)) severities start in
  0 <= left <= start /\ Forall (fun s => left <= ONE - s) severities.
Proof.
  induction severities as [| s rest IH]; intros start start_in all left; unfold left; cbn [fold_left].
  - unfold is_ppm in start_in. split; [lia | constructor].
  - inversion all as [| ? ? s_in rest_in]; subst.
    assert (is_ppm (ONE - s)) as other_in by (unfold is_ppm in *; lia).
    specialize (IH (mul start (ONE - s)) (mul_is_ppm _ _ start_in other_in) rest_in). cbv zeta in IH. destruct IH as [bound others].
    pose proof (mul_le_left start (ONE - s)). pose proof (mul_le_right start (ONE - s)). unfold is_ppm in *.
    split; [lia |]. constructor; [lia | exact others].
Qed.

(** It lies in [0, ONE] and is at least each severity that went in: combining never hides one. *)
Theorem combined_is_at_least_each : forall severities, Forall is_ppm severities ->
  is_ppm (combined severities) /\ Forall (fun s => s <= combined severities) severities.
Proof.
  intros severities all. destruct (calm_from_bounds severities ONE ltac:(unfold is_ppm; ppm) all) as [bound each].
  unfold combined, calm, is_ppm in *. split; [lia |].
  revert each. apply Forall_impl. intros s le. lia.
Qed.

Lemma calm_mono : forall worse better start start', 0 <= start <= start' ->
  Forall2 (fun w b => is_ppm w /\ is_ppm b /\ b <= w) worse better ->
  fold_left (fun calm_ppm s => mul calm_ppm (ONE - s)) worse start
  <= fold_left (fun calm_ppm s => mul calm_ppm (ONE - s)) better start'.
Proof.
  induction worse as [| w worse IH]; intros better start start' order all; inversion all as [| ? b ? rest [Pw [Pb le]] others]; subst.
  - cbn. lia.
  - cbn [fold_left]. apply IH; [| exact others]. unfold is_ppm in *.
    split; [apply mul_nonneg; lia | apply mul_mono; lia].
Qed.

(** A worse reading of any source never lowers it. *)
Theorem combined_mono : forall worse better, Forall2 (fun w b => is_ppm w /\ is_ppm b /\ b <= w) worse better ->
  combined better <= combined worse.
Proof. intros worse better all. unfold combined, calm. pose proof (calm_mono worse better ONE ONE ltac:(ppm) all). lia. Qed.

(** * Levels and cuts *)

Theorem level_of_bounds : forall s, 0 <= level_of s <= WORST_LEVEL.
Proof. intros. unfold level_of, TRIPS_ABOVE_PPM, count, WORST_LEVEL. cbn [filter]. repeat destruct (_ <=? _); cbn; lia. Qed.

Theorem level_of_mono : forall s t, s <= t -> level_of s <= level_of t.
Proof.
  intros s t le. unfold level_of, count. apply inj_le. generalize TRIPS_ABOVE_PPM.
  induction l as [| trip rest IH]; cbn [filter]; [reflexivity |].
  destruct (Z.leb_spec trip s), (Z.leb_spec trip t); cbn [length]; lia.
Qed.

Lemma levels : forall level, 0 <= level <= WORST_LEVEL -> level = 0 \/ level = 1 \/ level = 2 \/ level = 3 \/ level = 4.
Proof. unfold WORST_LEVEL. lia. Qed.

Theorem cut_antitone : forall level level', 0 <= level <= level' -> level' <= WORST_LEVEL -> cut_ppm level' <= cut_ppm level.
Proof.
  intros level level' order most.
  destruct (levels level ltac:(lia)) as [-> | [-> | [-> | [-> | ->]]]];
    destruct (levels level' ltac:(lia)) as [-> | [-> | [-> | [-> | ->]]]]; first [lia | vm_compute; discriminate].
Qed.

(** * What a step does to the level *)

Lemma level_held : forall s p, level (held s p) = level s.
Proof. intros. unfold held. destruct (negb _); reflexivity. Qed.

Lemma manual_held : forall s p, Entry.manual (held s p) = Entry.manual s.
Proof. intros. unfold held. destruct (negb _); reflexivity. Qed.

Lemma sources_held : forall s p, sources (held s p) = sources s.
Proof. intros. unfold held. destruct (negb _); reflexivity. Qed.

Lemma time_held : forall s p, time_ns (held s p) = time_ns s.
Proof. intros. unfold held. destruct (negb _); reflexivity. Qed.

(** Tightening is at once and always. *)
Theorem a_cut_is_at_once : forall s target p, level s <= target -> level (decided s target p) = target.
Proof.
  intros s target p le. unfold decided.
  set (t := if 0 <? target then held s p else s).
  assert (level t = level s) as same by (unfold t; destruct (0 <? target); [apply level_held | reflexivity]).
  rewrite same. destruct (Z.ltb_spec (level s) target); [reflexivity |].
  destruct (Z.ltb_spec target (level s)); cbn [andb]; [lia |]. rewrite same. lia.
Qed.

(** Loosening is one level, and only when the hold is over and every source has been clear, and is fresh. *)
Theorem loosening_is_one_level_when_all_is_clear : forall s target p, level (decided s target p) < level s ->
  level (decided s target p) = level s - 1
  /\ target < level s
  /\ (is_latched s = true -> hold_until_ns s <= time_ns s)
  /\ Forall (fun each => clears p <= Source.clears each /\ time_ns s < Source.expires_at_ns each) (sources s).
Proof.
  intros s target p. unfold decided.
  set (t := if 0 <? target then held s p else s).
  assert (level t = level s) as same by (unfold t; destruct (0 <? target); [apply level_held | reflexivity]).
  assert (sources t = sources s) as same_sources by (unfold t; destruct (0 <? target); [apply sources_held | reflexivity]).
  assert (time_ns t = time_ns s) as same_time by (unfold t; destruct (0 <? target); [apply time_held | reflexivity]).
  assert (is_latched t = false \/ hold_until_ns t <= time_ns t -> is_latched s = true -> hold_until_ns s <= time_ns s) as hold.
  { rewrite same_time. unfold t, held. destruct (0 <? target); [| intros [? | ?] ?; [congruence | assumption]].
    destruct (negb _); [intros [? | ?] ?; [congruence | assumption] |].
    cbn [is_latched hold_until_ns]. intros [? | ?] ?; [discriminate | lia]. }
  rewrite same. destruct (Z.ltb_spec (level s) target); [cbn [with_level level]; lia |].
  destruct (Z.ltb_spec target (level s)) as [below |]; cbn [andb]; [| rewrite same; lia].
  destruct (may_loosen t p) eqn:may; [| rewrite same; lia].
  intros _. unfold may_loosen in may. apply andb_true_iff in may. destruct may as [free clear].
  rewrite same_sources, same_time in *. repeat split.
  - unfold loosened. cbn [with_level level]. lia.
  - exact below.
  - apply hold. apply negb_true_iff, andb_false_iff in free. destruct free as [free | free]; [left; exact free | right].
    apply Z.ltb_ge in free. lia.
  - apply Forall_forall. intros each inside. rewrite forallb_forall in clear. specialize (clear each inside).
    unfold is_clear_now in clear. apply andb_true_iff in clear. destruct clear as [enough fresh].
    apply Z.leb_le in enough. apply Z.ltb_lt in fresh. lia.
Qed.

(** A cut is never let go below what the sources say now. *)
Theorem the_level_is_at_least_the_target : forall s target p, target <= level (decided s target p).
Proof.
  intros s target p. destruct (Z.le_gt_cases (level s) target) as [le | gt]; [rewrite a_cut_is_at_once by exact le; lia |].
  destruct (Z.lt_ge_cases (level (decided s target p)) (level s)) as [lower | same]; [| lia].
  pose proof (loosening_is_one_level_when_all_is_clear s target p lower). lia.
Qed.

(** A source that is stale, not clear often enough, or new, keeps the cut where it is. *)
Theorem one_doubtful_source_keeps_the_cut : forall s target p each, In each (sources s) ->
  Source.clears each < clears p \/ Source.expires_at_ns each <= time_ns s -> level s <= level (decided s target p).
Proof.
  intros s target p each inside doubtful. destruct (Z.lt_ge_cases (level (decided s target p)) (level s)) as [lower | kept]; [| lia].
  destruct (loosening_is_one_level_when_all_is_clear s target p lower) as (_ & _ & _ & all).
  rewrite Forall_forall in all. specialize (all each inside). lia.
Qed.

(** A reading that is unknown, unclear, or not said to be clear counts no clear one. *)
Theorem what_is_not_clear_counts_as_no_clear : forall previous v p,
  Vote.is_clear v = false \/ Vote.severity_ppm v < 0 \/ clear_ppm p <= Vote.severity_ppm v ->
  Source.clears (reading previous v p) = 0.
Proof.
  intros previous v p why. unfold reading. cbn [Source.clears].
  destruct (Z.leb_spec 0 (Vote.severity_ppm v)), (Z.ltb_spec (Vote.severity_ppm v) (clear_ppm p)), (Vote.is_clear v);
    cbn [andb]; try reflexivity; exfalso; destruct why as [? | [? | ?]]; try discriminate; lia.
Qed.

(** * The hold *)

(** One bad reading does not latch: a latch begins with two unclear readings of the last three of a source, or one of the invariants. *)
Theorem a_latch_needs_a_trip : forall s p, is_latched s = false -> is_latched (held s p) = true -> existsb is_trip (sources s) = true.
Proof. intros s p free. unfold held. destruct (existsb is_trip (sources s)); [reflexivity | cbn [negb]; congruence]. Qed.

Theorem two_readings_of_three : forall each, is_trip each = true -> Source.name each <> INVARIANT ->
  2 <= unclear_count (Source.unclear each).
Proof.
  intros each. unfold is_trip. destruct (Z.leb_spec 2 (unclear_count (Source.unclear each))); [lia |].
  destruct (Z.eqb_spec (Source.name each) INVARIANT); [congruence | discriminate].
Qed.

(** It lasts at least [hold_ns] from now and ends no later than [hold_max_ns] and one step from now; it is never shortened. *)
Theorem the_hold_is_bounded : forall now_ns episodes p, valid p ->
  now_ns + hold_ns p <= hold_ends now_ns episodes p < now_ns + hold_max_ns p + HOLD_STEP_NS.
Proof.
  intros now_ns episodes p []. unfold hold_ends.
  assert (1 <= 2 ^ Z.max 0 (episodes - 1)) by (pose proof (Z.pow_pos_nonneg 2 (Z.max 0 (episodes - 1))); lia).
  set (hold := Z.min (hold_ns p * 2 ^ Z.max 0 (episodes - 1)) (hold_max_ns p)).
  assert (hold_ns p <= hold <= hold_max_ns p) by (unfold hold, SECOND in *; nia).
  pose proof (Z.div_mod (- (now_ns + hold)) HOLD_STEP_NS ltac:(discriminate)) as D.
  pose proof (Z.mod_pos_bound (- (now_ns + hold)) HOLD_STEP_NS eq_refl) as M. lia.
Qed.

Theorem a_hold_is_never_shortened : forall s p, hold_until_ns s <= hold_until_ns (held s p).
Proof. intros. unfold held. destruct (negb _); cbn [hold_until_ns]; lia. Qed.

(** * The cap *)

Theorem the_entry_cap_is_bounded : forall s, 0 <= level s <= WORST_LEVEL -> 0 <= Manual.level (Entry.manual s) <= WORST_LEVEL ->
  0 <= entry_cap s <= MAX_LEVERAGE_PPM
  /\ entry_cap s <= mul MAX_LEVERAGE_PPM (cut_ppm (level s))
  /\ entry_cap s <= mul MAX_LEVERAGE_PPM (cut_ppm (Manual.level (Entry.manual s))).
Proof.
  intros s own operators. unfold entry_cap.
  destruct (levels _ own) as [-> | [-> | [-> | [-> | ->]]]]; destruct (levels _ operators) as [-> | [-> | [-> | [-> | ->]]]];
    vm_compute; repeat split; discriminate.
Qed.

(** * An operator's word *)

Theorem an_unreadable_level_is_the_worst : forall m seq time_ns m' at_ns reading,
  Manual.manual m seq time_ns (Cut reading) = Some (m', at_ns) -> as_int reading 1 WORST_LEVEL = None -> Manual.level m' = WORST_LEVEL.
Proof.
  unfold Manual.manual. intros m seq time_ns m' at_ns reading.
  destruct (as_int seq 1 MAX_NS), (as_int time_ns 0 MAX_NS); try discriminate.
  destruct (_ <=? _); [discriminate |]. intros E none. rewrite none in E. inversion E. reflexivity.
Qed.

(** * The account *)

(** Whatever a signal says, the cap is at most what its posture allows and what the operator's cut leaves. *)
Theorem the_account_cap_is_bounded : forall s signal s' changed, decide s signal = Some (s', changed) ->
  Account.cap_ppm s' <= posture_cap_ppm (Account.posture s')
  /\ Account.cap_ppm s' <= mul MAX_LEVERAGE_PPM (cut_ppm (Manual.level (Account.manual s'))).
Proof.
  unfold decide. intros s signal s' changed.
  destruct (as_int (Survival.epoch signal) 0 MAX_NS), (as_int (Survival.seq signal) 1 MAX_NS),
    (as_int (Survival.issued_at_ns signal) 0 MAX_NS); try discriminate.
  destruct (_ || _); [discriminate |]. intros E. inversion E. subst. unfold settled. cbn. lia.
Qed.

(** A signal with an old number changes nothing. *)
Theorem an_old_signal_is_refused : forall s signal epoch_of seq_of,
  Survival.epoch signal = Some epoch_of -> Survival.seq signal = Some seq_of ->
  epoch_of < Account.source_epoch s \/ epoch_of = Account.source_epoch s /\ seq_of <= Account.source_seq s ->
  decide s signal = None.
Proof.
  unfold decide. intros s signal epoch_of seq_of -> -> old. unfold as_int at 1 2.
  destruct (_ && _); [| reflexivity]. destruct (_ && _); [| reflexivity].
  destruct (as_int (Survival.issued_at_ns signal) 0 MAX_NS); [| reflexivity].
  destruct old as [old | [same old]].
  - apply Z.ltb_lt in old. rewrite old. reflexivity.
  - apply Z.eqb_eq in same. apply Z.leb_le in old. rewrite same, old, orb_true_r. reflexivity.
Qed.
