(** The sensing half of the survival controller, readings to R_cmd: [src/dolphin/core/control/assessment.py].

    Texts (names of broken invariants, reasons, causes) are left out: of a list of broken invariants only whether it is empty. A boolean
    reading that is missing or is no bool is [None]. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm Params Factors.
Import ListNotations SurvivalParams.
Open Scope Z_scope.

Definition SLOT_NS : Z := 1000000000.
Definition SLOTS : Z := 10.
Definition NO_SHOCK : Z := -1.

Module Inputs.
  Record t := {
    now_ns : option Z;
    heartbeat_age_ns : option Z;
    is_broken : bool;
    envelope_age_ns : option Z;
    envelope_verdict : option verdict;
    jitter_ns : option Z;
    latency_ns : option Z;
    depth_ratio_ppm : option Z;
    spread_ratio_ppm : option Z;
    is_taker_shock : option bool;
    is_plunge : option bool;
    is_dvol_shock : option bool;
    drawdown_ppm : option Z;
  }.
End Inputs.
Import Inputs.

Module Memory.
  Record t := {
    time_ns : Z;
    is_started : bool;
    integral_ppm_us : Z;
    slot : Z;
    peaks_ppm : list Z;
    shock_at_ns : Z;
    is_passive_only : bool;
  }.
End Memory.

Module Factored.
  Record t := { f1_ppm : Z; f2_ppm : Z; f3_ppm : Z; f4_ppm : Z; f5_ppm : Z }.
End Factored.
Import Factored.

Module Demand.
  Record t := {
    time_ns : Z;
    is_ready : bool;
    is_broken : bool;
    r_cmd_ppm : Z;
    r_raw_ppm : Z;
    factors_ppm : Factored.t;
    is_passive_only : bool;
    expires_at_ns : Z;
  }.
End Demand.

Definition is_none {A} (x : option A) : bool := match x with None => true | Some _ => false end.

(** Whether a shock reading says anything else than "no": a missing one is a shock. *)
Definition is_shock (reading : option bool) : bool := match reading with Some false => false | _ => true end.

(** (now, time to count since the last step, whether the time is unusable). *)
Definition clock (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Z * Z * bool :=
  match as_int (now_ns i) 0 MAX_NS with
  | Some now => if now <? Memory.time_ns m then (Memory.time_ns m, 0, true)
                else (now, Z.min (now - Memory.time_ns m) (heartbeat_limit_ns p), false)
  | None => (Memory.time_ns m, 0, true)
  end.

(** Whether a wired sensor has no usable reading. *)
Definition is_missing (i : Inputs.t) (p : SurvivalParams.t) : bool :=
  let w := wired p in
  is_none (as_int (heartbeat_age_ns i) 0 MAX_NS)
  || Wired.envelope w && is_none (as_int (envelope_age_ns i) 0 MAX_NS)
  || Wired.jitter w && is_none (as_int (jitter_ns i) 0 MAX_NS)
  || Wired.latency w && is_none (as_int (latency_ns i) 0 MAX_NS)
  || Wired.depth w && is_none (as_int (depth_ratio_ppm i) 0 MAX_NS)
  || Wired.spread w && is_none (as_int (spread_ratio_ppm i) 0 MAX_NS)
  || Wired.taker w && is_none (is_taker_shock i)
  || Wired.plunge w && is_none (is_plunge i)
  || Wired.dvol w && is_none (is_dvol_shock i)
  || Wired.equity w && is_none (as_int (drawdown_ppm i) (- MAX_NS) MAX_NS).

(** Whether an invariant does not hold now. *)
Definition broken (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) (is_back : bool) : bool :=
  is_broken i || is_back
  || match as_int (heartbeat_age_ns i) 0 MAX_NS with
     | Some age_ns => heartbeat_limit_ns p <? age_ns
     | None => Memory.is_started m
     end.

(** The time of the last shock. *)
Definition shock (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) (now : Z) : Z :=
  let w := wired p in
  if Wired.taker w && is_shock (is_taker_shock i)
     || Wired.plunge w && is_shock (is_plunge i)
     || Wired.dvol w && is_shock (is_dvol_shock i)
  then now
  else Memory.shock_at_ns m.

Definition f3 (i : Inputs.t) (p : SurvivalParams.t) : Z :=
  let w := wired p in
  let after_jitter := if Wired.jitter w then mul ONE (f3_jitter (jitter_ns i) p) else ONE in
  let after_latency := if Wired.latency w then mul after_jitter (f3_latency (latency_ns i) p) else after_jitter in
  if Wired.depth w then mul after_latency (f3_depth (depth_ratio_ppm i) p) else after_latency.

(** The most that f4 may recover to. *)
Definition recovery_level (i : Inputs.t) (p : SurvivalParams.t) : Z :=
  let w := wired p in
  let level_ppm := if Wired.depth w then f4_depth_level (depth_ratio_ppm i) p else ONE in
  if Wired.spread w then Z.min level_ppm (f4_spread_level (spread_ratio_ppm i) p) else level_ppm.

(** (f4, time from which the recovery is counted). *)
Definition f4 (i : Inputs.t) (p : SurvivalParams.t) (now shock_at_ns : Z) : Z * Z :=
  if shock_at_ns =? NO_SHOCK then (ONE, NO_SHOCK)
  else
    let age_ns := Z.min (now - shock_at_ns) (f4_recovery_age (recovery_level i p) p) in
    let f4_ppm := f4_recovery age_ns p in
    (f4_ppm, if f4_ppm =? ONE then NO_SHOCK else now - age_ns).

(** The most that the integral may hold: what takes [integral_max_ppm]. *)
Definition integral_full (p : SurvivalParams.t) : Z := integral_full_scale_us p * integral_max_ppm p / ONE.

Definition integral (m : Memory.t) (r_raw_ppm elapsed_ns : Z) (p : SurvivalParams.t) : Z :=
  let elapsed_us := - (- elapsed_ns / 1000) in
  let grown := Memory.integral_ppm_us m + (ONE - r_raw_ppm - leak_ppm p) * elapsed_us in
  Z.max 0 (Z.min (integral_full p) grown).

(** The newest slot and the largest R_raw of each of the last [SLOTS] slots, newest first. *)
Definition peaks (m : Memory.t) (r_raw_ppm now : Z) : Z * list Z :=
  let slot := now / SLOT_NS in
  let behind := slot - Memory.slot m in
  let before := Memory.peaks_ppm m in
  if behind =? 0 then
    (slot, match before with
           | newest :: older => if newest <? r_raw_ppm then r_raw_ppm :: older else before
           | nil => before
           end)
  else if SLOTS <=? behind then (slot, r_raw_ppm :: repeat 0 (Z.to_nat (SLOTS - 1)))
  else (slot, r_raw_ppm :: repeat 0 (Z.to_nat (behind - 1)) ++ firstn (Z.to_nat (SLOTS - behind)) before).

Definition largest (l : list Z) : Z := fold_right Z.max 0 l.

(** What the integral takes, and what the fall since the largest R_raw of the last 10 s takes. *)
Definition i_ppm (integral_ppm_us : Z) (p : SurvivalParams.t) : Z :=
  Z.min (integral_ppm_us * ONE / integral_full_scale_us p) (integral_max_ppm p).

Definition d_ppm (fall_ppm : Z) (p : SurvivalParams.t) : Z :=
  Z.min (mul (derivative_gain_ppm p) fall_ppm) (derivative_max_ppm p).

Definition command (r_raw_ppm integral_ppm_us peak_ppm : Z) (p : SurvivalParams.t) : Z :=
  mul (mul r_raw_ppm (ONE - i_ppm integral_ppm_us p)) (ONE - d_ppm (peak_ppm - r_raw_ppm) p).

Definition product (f : Factored.t) : Z := mul (mul (mul (mul (f1_ppm f) (f2_ppm f)) (f3_ppm f)) (f4_ppm f)) (f5_ppm f).

(** Everything that one step computes on the way to R_raw, and the time from which a recovery is counted. *)
Definition sensed (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Factored.t * Z :=
  let '(now, _, is_back) := clock m i p in
  let '(f4_ppm, shock_at_ns) := f4 i p now (shock m i p now) in
  ({| f1_ppm := f1 (negb (broken m i p is_back));
      f2_ppm := if Wired.envelope (wired p) then f2 (envelope_age_ns i) (envelope_verdict i) else ONE;
      f3_ppm := f3 i p;
      f4_ppm := f4_ppm;
      f5_ppm := if Wired.equity (wired p) then f5 (drawdown_ppm i) else ONE |}, shock_at_ns).

Definition is_passive (m : Memory.t) (f3_ppm : Z) (p : SurvivalParams.t) : bool :=
  f3_ppm <? (if Memory.is_passive_only m then passive_clear_ppm p else passive_below_ppm p).

Definition assess (m : Memory.t) (i : Inputs.t) (p : SurvivalParams.t) : Memory.t * Demand.t :=
  let '(now, elapsed_ns, is_back) := clock m i p in
  let '(factors, shock_at_ns) := sensed m i p in
  let r_raw_ppm := product factors in
  let is_started := Memory.is_started m || negb (is_missing i p) in
  let is_passive_only := is_passive m (f3_ppm factors) p in
  let integral_ppm_us := integral m r_raw_ppm elapsed_ns p in
  let '(slot, peaks_ppm) := peaks m r_raw_ppm now in
  let demand r_cmd_ppm :=
    {| Demand.time_ns := now;
       Demand.is_ready := is_started;
       Demand.is_broken := broken m i p is_back;
       Demand.r_cmd_ppm := r_cmd_ppm;
       Demand.r_raw_ppm := r_raw_ppm;
       Demand.factors_ppm := factors;
       Demand.is_passive_only := is_passive_only;
       Demand.expires_at_ns := Z.min (now + lease_ns p) MAX_NS |} in
  if is_started then
    ({| Memory.time_ns := now;
        Memory.is_started := true;
        Memory.integral_ppm_us := integral_ppm_us;
        Memory.slot := slot;
        Memory.peaks_ppm := peaks_ppm;
        Memory.shock_at_ns := shock_at_ns;
        Memory.is_passive_only := is_passive_only |},
     demand (command r_raw_ppm integral_ppm_us (largest peaks_ppm) p))
  else
    ({| Memory.time_ns := now;
        Memory.is_started := false;
        Memory.integral_ppm_us := 0;
        Memory.slot := now / SLOT_NS;
        Memory.peaks_ppm := repeat 0 (Z.to_nat SLOTS);
        Memory.shock_at_ns := NO_SHOCK;
        Memory.is_passive_only := is_passive_only |},
     demand 0).
