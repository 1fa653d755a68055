(** The four postures and the Schmitt thresholds between them: [src/dolphin/core/control/posture.py]. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm.
Import ListNotations.
Open Scope Z_scope.

Definition MAX_LEVERAGE_PPM : Z := 6000000.

Inductive posture := APEX | STALKER | TURTLE | HIBERNATE.

(** The number of the posture; a larger one is more restrictive. *)
Definition rank (p : posture) : Z :=
  match p with APEX => 0 | STALKER => 1 | TURTLE => 2 | HIBERNATE => 3 end.

Definition stricter (p q : posture) : posture := if rank p <? rank q then q else p.

(** The table [LADDER], by column. *)
Definition enter_below_ppm (p : posture) : Z :=
  match p with APEX => 1000001 | STALKER => 850000 | TURTLE => 400000 | HIBERNATE => 100000 end.
Definition leave_above_ppm (p : posture) : Z :=
  match p with APEX => 1000001 | STALKER => 920000 | TURTLE => 500000 | HIBERNATE => 200000 end.
Definition posture_cap_ppm (p : posture) : Z :=
  match p with APEX => 6000000 | STALKER => 2000000 | TURTLE => 0 | HIBERNATE => 0 end.

(** The next milder posture. *)
Definition milder (p : posture) : posture :=
  match p with APEX => APEX | STALKER => APEX | TURTLE => STALKER | HIBERNATE => TURTLE end.

(** The most restrictive first. *)
Definition FALLS : list posture := [HIBERNATE; TURTLE; STALKER].

Definition fallen (p : posture) (r_ppm : Z) : posture :=
  match find (fun rung => r_ppm <? enter_below_ppm rung) FALLS with
  | Some rung => stricter p rung
  | None => p
  end.

Definition risen (p : posture) (r_ppm : Z) : posture :=
  if leave_above_ppm p <? r_ppm then milder p else p.

(** The posture to start in. *)
Definition first (r_ppm : Z) : posture := risen (risen (risen (risen HIBERNATE r_ppm) r_ppm) r_ppm) r_ppm.

Definition cap (p : posture) (r_ppm : Z) : Z := Z.min (posture_cap_ppm p) (mul MAX_LEVERAGE_PPM r_ppm).
