(** The Schmitt thresholds: monotone in R, still inside a band, one rung up at a time. *)

From Coq Require Import ZArith List Bool Lia.
From Dolphin.Model Require Import Ppm Posture.
From Dolphin.Proofs Require Import Arithmetic.
Open Scope Z_scope.

Lemma rank_inj : forall p q, rank p = rank q -> p = q.
Proof. intros [] []; cbn; congruence. Qed.

Lemma stricter_rank : forall p q, rank (stricter p q) = Z.max (rank p) (rank q).
Proof. intros [] []; reflexivity. Qed.

(** [fallen] as the ladder that it is. *)
Lemma fallen_is : forall p r, fallen p r =
  if r <? 100000 then HIBERNATE else if r <? 400000 then stricter p TURTLE else if r <? 850000 then stricter p STALKER else p.
Proof.
  intros. unfold fallen, FALLS. cbn [find enter_below_ppm].
  destruct (r <? 100000); [destruct p; reflexivity |]. destruct (r <? 400000); [reflexivity |].
  destruct (r <? 850000); reflexivity.
Qed.

(** Case analysis on where R lies among the thresholds that a fall looks at. *)
Ltac falls r := destruct (Z.ltb_spec r 100000), (Z.ltb_spec r 400000), (Z.ltb_spec r 850000).

(** Case analysis on whether R is over the threshold of a posture. *)
Ltac rises p r := destruct (Z.ltb_spec (leave_above_ppm p) r).

Lemma fallen_never_milder : forall p r, rank p <= rank (fallen p r).
Proof. intros p r. rewrite fallen_is. falls r; destruct p; cbn; lia. Qed.

Lemma fallen_antitone : forall p r r', r <= r' -> rank (fallen p r') <= rank (fallen p r).
Proof. intros p r r' le. rewrite !fallen_is. falls r; falls r'; try lia; destruct p; cbn; lia. Qed.

Lemma risen_one_rung : forall p r, rank p - 1 <= rank (risen p r) <= rank p.
Proof. intros p r. unfold risen. rises p r; destruct p; cbn; lia. Qed.

(** Monotone in R and in the posture. *)
Lemma risen_mono : forall p q r r', r <= r' -> rank p <= rank q -> rank (risen p r') <= rank (risen q r).
Proof.
  intros p q r r' le order. destruct (Z.eq_dec (rank p) (rank q)) as [same | apart].
  - apply rank_inj in same. subst. unfold risen. rises q r; rises q r'; try lia; destruct q; cbn; lia.
  - pose proof (risen_one_rung p r'). pose proof (risen_one_rung q r). lia.
Qed.

Lemma first_antitone : forall r r', r <= r' -> rank (first r') <= rank (first r).
Proof. intros r r' le. unfold first. repeat (apply risen_mono; [exact le |]). lia. Qed.

(** The band of a posture: below it R is under the threshold of a stricter one, above it R is over its own. *)
Definition in_band (p : posture) (r : Z) : Prop :=
  r <= leave_above_ppm p /\ match p with
                            | APEX => enter_below_ppm STALKER <= r
                            | STALKER => enter_below_ppm TURTLE <= r
                            | TURTLE => enter_below_ppm HIBERNATE <= r
                            | HIBERNATE => True
                            end.

Lemma in_band_stays : forall p r, in_band p r -> fallen p r = p /\ risen p r = p.
Proof.
  unfold in_band. intros p r [low high]. rewrite fallen_is. unfold risen.
  destruct p; cbn [leave_above_ppm enter_below_ppm] in *; falls r; rises APEX r; try lia;
    repeat match goal with |- context [?a <? ?b] => destruct (Z.ltb_spec a b); try lia end; split; reflexivity.
Qed.

Lemma posture_cap_nonneg : forall p, 0 <= posture_cap_ppm p <= MAX_LEVERAGE_PPM.
Proof. intros []; cbn; unfold MAX_LEVERAGE_PPM; lia. Qed.

Lemma posture_cap_antitone : forall p q, rank p <= rank q -> posture_cap_ppm q <= posture_cap_ppm p.
Proof. intros [] []; cbn; lia. Qed.

Lemma cap_mono : forall p q r r', 0 <= r <= r' -> rank q <= rank p -> cap p r <= cap q r'.
Proof.
  intros p q r r' le order. unfold cap. pose proof (posture_cap_antitone q p order).
  pose proof (mul_mono MAX_LEVERAGE_PPM MAX_LEVERAGE_PPM r r'). unfold MAX_LEVERAGE_PPM in *. lia.
Qed.

Lemma cap_nonneg : forall p r, 0 <= r -> 0 <= cap p r.
Proof.
  intros p r nonneg. unfold cap. pose proof (posture_cap_nonneg p).
  pose proof (mul_nonneg MAX_LEVERAGE_PPM r). unfold MAX_LEVERAGE_PPM in *. lia.
Qed.

Lemma cap_0 : forall p, cap p 0 = 0.
Proof. intros []; reflexivity. Qed.
