(** f1 to f5: what each reading leaves of the leverage, in ppm: [src/dolphin/core/control/factors.py]. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm Tables Params.
Import SurvivalParams.
Open Scope Z_scope.

Definition MAX_NS : Z := 2 ^ 62.
Definition ENVELOPE_FRESH_NS : Z := 30000000000.
Definition ENVELOPE_DECADE_NS : Z := 7170000000000.

Inductive verdict := inside | edge | outside.

(** An unknown verdict counts as [outside]. *)
Definition VERDICTS (v : option verdict) : Z :=
  match v with
  | Some inside => ONE
  | Some edge => 500000
  | Some outside | None => 100000
  end.

Definition f1 (is_intact : bool) : Z := if is_intact then ONE else 0.

Definition f2 (envelope_age_ns : option Z) (v : option verdict) : Z :=
  match as_int envelope_age_ns 0 MAX_NS with
  | None => 0
  | Some age_ns =>
      let beyond_ns := Z.max 0 (age_ns - ENVELOPE_FRESH_NS) in
      let decades := beyond_ns / ENVELOPE_DECADE_NS in
      let rest_ns := beyond_ns mod ENVELOPE_DECADE_NS in
      if 6 <? decades then 0
      else mul (interpolate ENVELOPE_DECADE ENVELOPE_STEP_NS rest_ns / 10 ^ decades) (VERDICTS v)
  end.

Definition f3_jitter (jitter_ns : option Z) (p : SurvivalParams.t) : Z :=
  match as_int jitter_ns 0 MAX_NS with
  | None => microstructure_floor_ppm p
  | Some x => falling x (jitter_nominal_ns p) (jitter_limit_ns p) (microstructure_floor_ppm p)
  end.

Definition f3_latency (latency_ns : option Z) (p : SurvivalParams.t) : Z :=
  match as_int latency_ns 0 MAX_NS with
  | None => microstructure_floor_ppm p
  | Some x => falling x (latency_nominal_ns p) (latency_limit_ns p) (microstructure_floor_ppm p)
  end.

Definition f3_depth (depth_ratio_ppm : option Z) (p : SurvivalParams.t) : Z :=
  match as_int depth_ratio_ppm 0 MAX_NS with
  | None => microstructure_floor_ppm p
  | Some x => rising x (depth_limit_ppm p) (depth_nominal_ppm p) (microstructure_floor_ppm p)
  end.

Definition f4_recovery (age_ns : Z) (p : SurvivalParams.t) : Z :=
  if shock_recovery_ns p <=? age_ns then ONE
  else shock_ppm p + (ONE - shock_ppm p) * age_ns / shock_recovery_ns p.

Definition f4_recovery_age (level_ppm : Z) (p : SurvivalParams.t) : Z :=
  Z.max 0 (level_ppm - shock_ppm p) * shock_recovery_ns p / (ONE - shock_ppm p).

Definition f4_depth_level (depth_ratio_ppm : option Z) (p : SurvivalParams.t) : Z :=
  match as_int depth_ratio_ppm 0 MAX_NS with
  | None => shock_ppm p
  | Some x => rising x (recovery_depth_limit_ppm p) (recovery_depth_nominal_ppm p) (shock_ppm p)
  end.

Definition f4_spread_level (spread_ratio_ppm : option Z) (p : SurvivalParams.t) : Z :=
  match as_int spread_ratio_ppm 0 MAX_NS with
  | None => shock_ppm p
  | Some x => falling x (recovery_spread_nominal_ppm p) (recovery_spread_limit_ppm p) (shock_ppm p)
  end.

Definition f5 (drawdown_ppm : option Z) : Z :=
  match as_int drawdown_ppm (- MAX_NS) MAX_NS with
  | None => 0
  | Some x => interpolate CAPITAL_STRESS DRAWDOWN_STEP_PPM (Z.max 0 x)
  end.
