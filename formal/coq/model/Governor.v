(** The deciding half of the survival controller, R_cmd to the grant: [src/dolphin/core/control/governor.py], and of [posture_gate.py] what an
    operator, a restart and a word of somebody else do to its state. Of a latch only whether it is set. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm Params Posture Assessment.
Import GovernorParams.
Open Scope Z_scope.

Module State.
  Record t := {
    time_ns : Z;
    is_started : bool;
    is_ready : bool;
    is_broken : bool;
    is_latched : bool;
    r_ppm : Z;
    rise_anchor_ns : Z;
    posture : Posture.posture;
    posture_since_ns : Z;
    ceiling : Posture.posture;
  }.

  (** The state before the first signal. *)
  Definition initial : t :=
    {| time_ns := 0; is_started := false; is_ready := false; is_broken := false; is_latched := false; r_ppm := 0;
       rise_anchor_ns := 0; posture := HIBERNATE; posture_since_ns := 0; ceiling := APEX |}.
End State.
Import State.

Module Grant.
  Record t := { posture : Posture.posture; cap_ppm : Z; r_ppm : Z }.
End Grant.

(** The state with f1 latched at 0. *)
Definition latched (s : State.t) : State.t :=
  {| time_ns := time_ns s;
     is_started := true;
     is_ready := is_ready s;
     is_broken := is_broken s;
     is_latched := true;
     r_ppm := 0;
     rise_anchor_ns := time_ns s;
     posture := HIBERNATE;
     posture_since_ns := time_ns s;
     ceiling := ceiling s |}.

(** The state without its latch. *)
Definition released (s : State.t) : State.t :=
  {| time_ns := time_ns s;
     is_started := is_started s;
     is_ready := is_ready s;
     is_broken := is_broken s;
     is_latched := false;
     r_ppm := r_ppm s;
     rise_anchor_ns := time_ns s;
     posture := posture s;
     posture_since_ns := time_ns s;
     ceiling := ceiling s |}.

(** The operator's "unlatch": [None] is a refusal. *)
Definition unlatch (s : State.t) : option State.t :=
  if negb (is_latched s) || is_broken s || negb (is_ready s) then None else Some (released s).

(** The operator's "force" (and "unforce": to APEX). *)
Definition forced (s : State.t) (ceiling : Posture.posture) : State.t :=
  {| time_ns := time_ns s;
     is_started := is_started s;
     is_ready := is_ready s;
     is_broken := is_broken s;
     is_latched := is_latched s;
     r_ppm := r_ppm s;
     rise_anchor_ns := rise_anchor_ns s;
     posture := posture s;
     posture_since_ns := posture_since_ns s;
     ceiling := ceiling |}.

Definition R_STEP_PPM : Z := 10000.

(** The state as it is after a full stop. *)
Definition restored (s : State.t) : State.t :=
  {| time_ns := time_ns s;
     is_started := is_started s;
     is_ready := false;
     is_broken := is_broken s;
     is_latched := is_latched s;
     r_ppm := r_ppm s / R_STEP_PPM * R_STEP_PPM;
     rise_anchor_ns := time_ns s;
     posture := posture s;
     posture_since_ns := posture_since_ns s;
     ceiling := ceiling s |}.

Definition grant (s : State.t) : Grant.t :=
  if is_latched s || negb (is_ready s) then {| Grant.posture := HIBERNATE; Grant.cap_ppm := 0; Grant.r_ppm := 0 |}
  else
    let p := stricter (posture s) (ceiling s) in
    {| Grant.posture := p; Grant.cap_ppm := cap p (r_ppm s); Grant.r_ppm := r_ppm s |}.

(** (R, anchor): down at once; up one ppm for every [recovery_ns_per_ppm] seen since the anchor. *)
Definition damped (s : State.t) (r_cmd_ppm now unseen_ns : Z) (p : GovernorParams.t) : Z * Z :=
  if r_cmd_ppm <=? r_ppm s then (r_cmd_ppm, now)
  else
    let anchor_ns := rise_anchor_ns s + unseen_ns in
    let gain_ppm := (now - anchor_ns) / recovery_ns_per_ppm p in
    if r_cmd_ppm <=? r_ppm s + gain_ppm then (r_cmd_ppm, now)
    else (r_ppm s + gain_ppm, anchor_ns + gain_ppm * recovery_ns_per_ppm p).

(** (posture, since when): down at once, up one posture after the dwell. *)
Definition moved (s : State.t) (r now unseen_ns : Z) (p : GovernorParams.t) : Posture.posture * Z :=
  let since_ns := posture_since_ns s + unseen_ns in
  let fell := fallen (posture s) r in
  let next :=
    if (rank fell =? rank (posture s)) && (dwell_ns p <=? now - since_ns) then risen fell r else fell in
  (next, if rank next =? rank (posture s) then since_ns else now).

Definition govern (s : State.t) (d : Demand.t) (p : GovernorParams.t) : State.t :=
  let is_back := Demand.time_ns d <? time_ns s in
  let is_broken := Demand.is_broken d || is_back in
  let now := if is_back then time_ns s else Demand.time_ns d in
  let before :=
    {| time_ns := now;
       is_started := is_started s;
       is_ready := Demand.is_ready d;
       is_broken := is_broken;
       is_latched := is_latched s;
       r_ppm := r_ppm s;
       rise_anchor_ns := rise_anchor_ns s;
       posture := posture s;
       posture_since_ns := posture_since_ns s;
       ceiling := ceiling s |} in
  if is_broken || is_latched s then latched before
  else if negb (Demand.is_ready d) then
    {| time_ns := now;
       is_started := is_started s;
       is_ready := false;
       is_broken := false;
       is_latched := false;
       r_ppm := r_ppm s;
       rise_anchor_ns := now;
       posture := posture s;
       posture_since_ns := now;
       ceiling := ceiling s |}
  else if negb (is_started s) then
    {| time_ns := now;
       is_started := true;
       is_ready := true;
       is_broken := false;
       is_latched := false;
       r_ppm := Demand.r_cmd_ppm d;
       rise_anchor_ns := now;
       posture := first (Demand.r_cmd_ppm d);
       posture_since_ns := now;
       ceiling := ceiling s |}
  else
    let unseen_ns := Z.max 0 (now - time_ns s - (if is_ready s then seen_ns p else 0)) in
    let '(r, anchor_ns) := damped s (Demand.r_cmd_ppm d) now unseen_ns p in
    let '(next, since_ns) := moved s r now unseen_ns p in
    {| time_ns := now;
       is_started := true;
       is_ready := true;
       is_broken := false;
       is_latched := false;
       r_ppm := r;
       rise_anchor_ns := anchor_ns;
       posture := next;
       posture_since_ns := since_ns;
       ceiling := ceiling s |}.
