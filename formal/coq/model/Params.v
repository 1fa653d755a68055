(** The numbers of the control law: [src/dolphin/core/control/params.py], with what that file checks as the propositions [valid].

    [proofs/] assumes of parameters nothing but these. [tests/formal/] holds the ranges here against those of the Python records. *)

From Coq Require Import ZArith.
From Dolphin.Model Require Import Ppm.
Open Scope Z_scope.

Definition MS : Z := 1000000.
Definition SECOND : Z := 1000000000.
Definition MINUTE : Z := 60 * SECOND.
Definition HOUR : Z := 60 * MINUTE.

(** Which sensors exist in a build; the heartbeat always does. *)
Module Wired.
  Record t := {
    envelope : bool;
    jitter : bool;
    latency : bool;
    depth : bool;
    spread : bool;
    taker : bool;
    plunge : bool;
    dvol : bool;
    equity : bool;
  }.
End Wired.

(** Of the sensing half ([Assessment]). *)
Module SurvivalParams.
  Record t := {
    wired : Wired.t;
    heartbeat_limit_ns : Z;
    jitter_nominal_ns : Z;
    jitter_limit_ns : Z;
    latency_nominal_ns : Z;
    latency_limit_ns : Z;
    depth_limit_ppm : Z;
    depth_nominal_ppm : Z;
    microstructure_floor_ppm : Z;
    passive_below_ppm : Z;
    passive_clear_ppm : Z;
    shock_ppm : Z;
    shock_recovery_ns : Z;
    recovery_depth_limit_ppm : Z;
    recovery_depth_nominal_ppm : Z;
    recovery_spread_nominal_ppm : Z;
    recovery_spread_limit_ppm : Z;
    leak_ppm : Z;
    integral_full_scale_us : Z;
    integral_max_ppm : Z;
    derivative_gain_ppm : Z;
    derivative_max_ppm : Z;
    lease_ns : Z;
  }.

  Record valid (p : t) : Prop := {
    heartbeat_limit_in : 10 * MS <= heartbeat_limit_ns p <= MINUTE;
    jitter_nominal_in : 0 <= jitter_nominal_ns p <= MINUTE;
    jitter_limit_in : 1 <= jitter_limit_ns p <= MINUTE;
    latency_nominal_in : 0 <= latency_nominal_ns p <= MINUTE;
    latency_limit_in : 1 <= latency_limit_ns p <= MINUTE;
    depth_limit_in : 0 <= depth_limit_ppm p <= ONE;
    depth_nominal_in : 1 <= depth_nominal_ppm p <= ONE;
    microstructure_floor_in : 0 <= microstructure_floor_ppm p <= ONE;
    passive_below_in : 0 <= passive_below_ppm p <= ONE;
    passive_clear_in : 0 <= passive_clear_ppm p <= ONE;
    shock_in : 0 <= shock_ppm p <= ONE - 1;
    shock_recovery_in : MINUTE <= shock_recovery_ns p <= 24 * HOUR;
    recovery_depth_limit_in : 0 <= recovery_depth_limit_ppm p <= ONE;
    recovery_depth_nominal_in : 1 <= recovery_depth_nominal_ppm p <= ONE;
    recovery_spread_nominal_in : ONE <= recovery_spread_nominal_ppm p <= 1000 * ONE;
    recovery_spread_limit_in : ONE + 1 <= recovery_spread_limit_ppm p <= 1000 * ONE;
    leak_in : 1 <= leak_ppm p <= ONE;
    integral_full_scale_in : 1 <= integral_full_scale_us p <= 2 ^ 60;
    integral_max_in : 0 <= integral_max_ppm p <= ONE;
    derivative_gain_in : 0 <= derivative_gain_ppm p <= ONE;
    derivative_max_in : 0 <= derivative_max_ppm p <= ONE;
    lease_in : 10 * MS <= lease_ns p <= MINUTE;
    jitter_order : jitter_nominal_ns p < jitter_limit_ns p;
    latency_order : latency_nominal_ns p < latency_limit_ns p;
    depth_order : depth_limit_ppm p < depth_nominal_ppm p;
    recovery_depth_order : recovery_depth_limit_ppm p < recovery_depth_nominal_ppm p;
    recovery_spread_order : recovery_spread_nominal_ppm p < recovery_spread_limit_ppm p;
    passive_order : passive_below_ppm p < passive_clear_ppm p;
  }.
End SurvivalParams.

(** Of the deciding half ([Governor]). *)
Module GovernorParams.
  Record t := {
    recovery_ns_per_ppm : Z;
    dwell_ns : Z;
    seen_ns : Z;
    lease_max_ns : Z;
  }.

  Record valid (p : t) : Prop := {
    recovery_in : 6 * MS <= recovery_ns_per_ppm p <= HOUR;
    dwell_in : 60 * SECOND <= dwell_ns p <= HOUR;
    seen_in : 10 * MS <= seen_ns p <= MINUTE;
    lease_max_in : 10 * MS <= lease_max_ns p <= MINUTE;
  }.
End GovernorParams.

(** Of the adaptive cut-off ([Breaker]). *)
Module BreakerParams.
  Record t := {
    hold_ns : Z;
    hold_max_ns : Z;
    episode_window_ns : Z;
    clear_ppm : Z;
    clears : Z;
  }.

  Record valid (p : t) : Prop := {
    hold_in : SECOND <= hold_ns p <= 2 * HOUR;
    hold_max_in : SECOND <= hold_max_ns p <= 24 * HOUR;
    episode_window_in : MINUTE <= episode_window_ns p <= 7 * 24 * HOUR;
    clear_in : 1 <= clear_ppm p <= 250000;
    clears_in : 1 <= clears p <= 100;
    hold_order : hold_ns p <= hold_max_ns p;
  }.
End BreakerParams.
