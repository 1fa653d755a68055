(* The oracle: one request a line on standard input, one answer a line on standard output, computed by the extracted model.

   A request is a word and its numbers, separated by single spaces: every field in the order of the model's records, booleans as 0 and 1,
   a posture as its rank, a list as its length and its elements, and "-" for a reading that is missing. An answer is the state after and
   what was decided, in the same encoding, or "refused". The three words that set parameters answer nothing.
   tests/formal/ and the Java test OracleMain read and write the same lines. *)

open Model

exception Unreadable of string

(* Reading: a cursor over the words of a line. *)

let words : string array ref = ref [||]
let at = ref 0

let next () =
  if !at >= Array.length !words then raise (Unreadable "the line is too short");
  let word = !words.(!at) in
  incr at;
  word

let number () = Exact.of_string (next ())
let reading () = match next () with "-" -> None | word -> Some (Exact.of_string word)

let bool_of = function "0" -> false | "1" -> true | word -> raise (Unreadable ("neither 0 nor 1: " ^ word))
let truth () = bool_of (next ())
let truth_reading () = match next () with "-" -> None | word -> Some (bool_of word)

let posture_of = function
  | "0" -> APEX
  | "1" -> STALKER
  | "2" -> TURTLE
  | "3" -> HIBERNATE
  | word -> raise (Unreadable ("no posture: " ^ word))

let posture () = posture_of (next ())
let posture_reading () = match next () with "-" -> None | word -> Some (posture_of word)

let verdict_reading () =
  match next () with
  | "0" -> Some Inside
  | "1" -> Some Edge
  | "2" -> Some Outside
  | "-" -> None
  | word -> raise (Unreadable ("no verdict: " ^ word))

let list_of read =
  let length = int_of_string (next ()) in
  List.init length (fun _ -> read ())

(* Writing. *)

let out = Buffer.create 65536

let word text =
  Buffer.add_string out text;
  Buffer.add_char out ' '

let put n = word (Exact.to_string n)
let put_truth b = word (if b then "1" else "0")
let put_posture p = put (rank p)

let put_list write items =
  word (string_of_int (List.length items));
  List.iter write items

(* Parameters. *)

let survival_params : SurvivalParams.t option ref = ref None
let governor_params : GovernorParams.t option ref = ref None
let breaker_params : BreakerParams.t option ref = ref None

let given = function Some params -> params | None -> raise (Unreadable "its parameters are not set yet")

let read_survival_params () =
  let envelope = truth () in
  let jitter = truth () in
  let latency = truth () in
  let depth = truth () in
  let spread = truth () in
  let taker = truth () in
  let plunge = truth () in
  let dvol = truth () in
  let equity = truth () in
  let wired = { Wired.envelope; jitter; latency; depth; spread; taker; plunge; dvol; equity } in
  let heartbeat_limit_ns = number () in
  let jitter_nominal_ns = number () in
  let jitter_limit_ns = number () in
  let latency_nominal_ns = number () in
  let latency_limit_ns = number () in
  let depth_limit_ppm = number () in
  let depth_nominal_ppm = number () in
  let microstructure_floor_ppm = number () in
  let passive_below_ppm = number () in
  let passive_clear_ppm = number () in
  let shock_ppm = number () in
  let shock_recovery_ns = number () in
  let recovery_depth_limit_ppm = number () in
  let recovery_depth_nominal_ppm = number () in
  let recovery_spread_nominal_ppm = number () in
  let recovery_spread_limit_ppm = number () in
  let leak_ppm = number () in
  let integral_full_scale_us = number () in
  let integral_max_ppm = number () in
  let derivative_gain_ppm = number () in
  let derivative_max_ppm = number () in
  let lease_ns = number () in
  {
    SurvivalParams.wired;
    heartbeat_limit_ns;
    jitter_nominal_ns;
    jitter_limit_ns;
    latency_nominal_ns;
    latency_limit_ns;
    depth_limit_ppm;
    depth_nominal_ppm;
    microstructure_floor_ppm;
    passive_below_ppm;
    passive_clear_ppm;
    shock_ppm;
    shock_recovery_ns;
    recovery_depth_limit_ppm;
    recovery_depth_nominal_ppm;
    recovery_spread_nominal_ppm;
    recovery_spread_limit_ppm;
    leak_ppm;
    integral_full_scale_us;
    integral_max_ppm;
    derivative_gain_ppm;
    derivative_max_ppm;
    lease_ns;
  }

let read_governor_params () =
  let recovery_ns_per_ppm = number () in
  let dwell_ns = number () in
  let seen_ns = number () in
  let lease_max_ns = number () in
  { GovernorParams.recovery_ns_per_ppm; dwell_ns; seen_ns; lease_max_ns }

let read_breaker_params () =
  let hold_ns = number () in
  let hold_max_ns = number () in
  let episode_window_ns = number () in
  let clear_ppm = number () in
  let clears = number () in
  { BreakerParams.hold_ns; hold_max_ns; episode_window_ns; clear_ppm; clears }

(* The sensing half. *)

let read_memory () =
  let time_ns = number () in
  let is_started = truth () in
  let integral_ppm_us = number () in
  let slot = number () in
  let peaks_ppm = list_of number in
  let shock_at_ns = number () in
  let is_passive_only = truth () in
  { Memory.time_ns; is_started; integral_ppm_us; slot; peaks_ppm; shock_at_ns; is_passive_only }

let put_memory (m : Memory.t) =
  put m.time_ns;
  put_truth m.is_started;
  put m.integral_ppm_us;
  put m.slot;
  put_list put m.peaks_ppm;
  put m.shock_at_ns;
  put_truth m.is_passive_only

let read_inputs () =
  let now_ns = reading () in
  let heartbeat_age_ns = reading () in
  let is_broken = truth () in
  let envelope_age_ns = reading () in
  let envelope_verdict = verdict_reading () in
  let jitter_ns = reading () in
  let latency_ns = reading () in
  let depth_ratio_ppm = reading () in
  let spread_ratio_ppm = reading () in
  let is_taker_shock = truth_reading () in
  let is_plunge = truth_reading () in
  let is_dvol_shock = truth_reading () in
  let drawdown_ppm = reading () in
  {
    Inputs.now_ns;
    heartbeat_age_ns;
    is_broken;
    envelope_age_ns;
    envelope_verdict;
    jitter_ns;
    latency_ns;
    depth_ratio_ppm;
    spread_ratio_ppm;
    is_taker_shock;
    is_plunge;
    is_dvol_shock;
    drawdown_ppm;
  }

let put_factors (f : Factored.t) = List.iter put [ f.f1_ppm; f.f2_ppm; f.f3_ppm; f.f4_ppm; f.f5_ppm ]

let read_demand () =
  let time_ns = number () in
  let is_ready = truth () in
  let is_broken = truth () in
  let r_cmd_ppm = number () in
  let none = Exact.zero in
  let factors_ppm = { Factored.f1_ppm = none; f2_ppm = none; f3_ppm = none; f4_ppm = none; f5_ppm = none } in
  (* the governor looks at no more than these four *)
  { Demand.time_ns; is_ready; is_broken; r_cmd_ppm; r_raw_ppm = none; factors_ppm; is_passive_only = true; expires_at_ns = none }

let put_demand (d : Demand.t) =
  put d.time_ns;
  put_truth d.is_ready;
  put_truth d.is_broken;
  put d.r_cmd_ppm;
  put d.r_raw_ppm;
  put_factors d.factors_ppm;
  put_truth d.is_passive_only;
  put d.expires_at_ns

(* The deciding half. *)

let read_state () =
  let time_ns = number () in
  let is_started = truth () in
  let is_ready = truth () in
  let is_broken = truth () in
  let is_latched = truth () in
  let r_ppm = number () in
  let rise_anchor_ns = number () in
  let p = posture () in
  let posture_since_ns = number () in
  let ceiling = posture () in
  { State.time_ns; is_started; is_ready; is_broken; is_latched; r_ppm; rise_anchor_ns; posture = p; posture_since_ns; ceiling }

let put_state (s : State.t) =
  put s.time_ns;
  put_truth s.is_started;
  put_truth s.is_ready;
  put_truth s.is_broken;
  put_truth s.is_latched;
  put s.r_ppm;
  put s.rise_anchor_ns;
  put_posture s.posture;
  put s.posture_since_ns;
  put_posture s.ceiling

(* A state is told with what it grants. *)
let put_governed s =
  put_state s;
  let g = grant s in
  put_posture g.Grant.posture;
  put g.cap_ppm;
  put g.r_ppm

(* The adaptive cut-off and the account. *)

let read_manual () =
  let level = number () in
  let seq = number () in
  { Manual.level; seq }

let put_manual (m : Manual.t) =
  put m.level;
  put m.seq

let read_operation () = match next () with "release" -> Release | "cut" -> Cut (reading ()) | w -> raise (Unreadable ("no operation: " ^ w))

let read_source () =
  let name = number () in
  let seq = number () in
  let severity_ppm = number () in
  let clears = number () in
  let unclear = number () in
  let expires_at_ns = number () in
  { Source.name; seq; severity_ppm; clears; unclear; expires_at_ns }

let put_source (s : Source.t) = List.iter put [ s.name; s.seq; s.severity_ppm; s.clears; s.unclear; s.expires_at_ns ]

let read_vote () =
  let source = number () in
  let seq = number () in
  let time_ns = number () in
  let severity_reading = reading () in
  let is_clear = truth () in
  let expires_reading = reading () in
  { Vote.source; seq; time_ns; severity_reading; is_clear; expires_reading }

let read_entry () =
  let epoch = number () in
  let seq = number () in
  let time_ns = number () in
  let expires_at_ns = number () in
  let cap_ppm = number () in
  let level = number () in
  let is_latched = truth () in
  let hold_until_ns = number () in
  let episodes_ns = list_of number in
  let manual = read_manual () in
  let sources = list_of read_source in
  { Entry.epoch; seq; time_ns; expires_at_ns; cap_ppm; level; is_latched; hold_until_ns; episodes_ns; manual; sources }

let put_entry (s : Entry.t) =
  List.iter put [ s.epoch; s.seq; s.time_ns; s.expires_at_ns; s.cap_ppm; s.level ];
  put_truth s.is_latched;
  put s.hold_until_ns;
  put_list put s.episodes_ns;
  put_manual s.manual;
  put_list put_source s.sources

let read_account () =
  let epoch = number () in
  let seq = number () in
  let time_ns = number () in
  let expires_at_ns = number () in
  let cap_ppm = number () in
  let p = posture () in
  let granted_ppm = number () in
  let r_total_ppm = number () in
  let is_passive_only = truth () in
  let source_epoch = number () in
  let source_seq = number () in
  let manual = read_manual () in
  {
    Account.epoch;
    seq;
    time_ns;
    expires_at_ns;
    cap_ppm;
    posture = p;
    granted_ppm;
    r_total_ppm;
    is_passive_only;
    source_epoch;
    source_seq;
    manual;
  }

let put_account (s : Account.t) =
  List.iter put [ s.epoch; s.seq; s.time_ns; s.expires_at_ns; s.cap_ppm ];
  put_posture s.posture;
  put s.granted_ppm;
  put s.r_total_ppm;
  put_truth s.is_passive_only;
  put s.source_epoch;
  put s.source_seq;
  put_manual s.manual

let read_survival () =
  let epoch = reading () in
  let seq = reading () in
  let issued_at_ns = reading () in
  let expires_at_ns = reading () in
  let p = posture_reading () in
  let cap_ppm = reading () in
  let r_total_ppm = reading () in
  let is_passive_only = truth () in
  { Survival.epoch; seq; issued_at_ns; expires_at_ns; posture = p; cap_ppm; r_total_ppm; is_passive_only }

let put_outcome put_state = function
  | None -> word "refused"
  | Some (state, is_changed) ->
      put_state state;
      put_truth is_changed

(* Requests. *)

let answer request =
  match request with
  | "assess" ->
      let memory = read_memory () in
      let memory, demand = assess memory (read_inputs ()) (given !survival_params) in
      put_memory memory;
      put_demand demand
  | "govern" ->
      let state = read_state () in
      put_governed (govern state (read_demand ()) (given !governor_params))
  | "latch" -> put_governed (latched (read_state ()))
  | "restore" -> put_governed (restored (read_state ()))
  | "unlatch" -> ( match unlatch (read_state ()) with None -> word "refused" | Some s -> put_governed s)
  | "force" ->
      let state = read_state () in
      put_governed (forced state (posture ()))
  | "vote" ->
      let entry = read_entry () in
      put_outcome put_entry (vote entry (list_of read_vote) (given !breaker_params))
  | "operated" ->
      let entry = read_entry () in
      let seq = reading () in
      let time_ns = reading () in
      put_outcome put_entry (operated entry seq time_ns (read_operation ()))
  | "decide" ->
      let account = read_account () in
      put_outcome put_account (decide account (read_survival ()))
  | "operate" ->
      let account = read_account () in
      let seq = reading () in
      let time_ns = reading () in
      put_outcome put_account (operate account seq time_ns (read_operation ()))
  | word -> raise (Unreadable ("no such request: " ^ word))

let serve line =
  words := Array.of_list (String.split_on_char ' ' line);
  at := 0;
  match next () with
  | "survival-params" -> survival_params := Some (read_survival_params ())
  | "governor-params" -> governor_params := Some (read_governor_params ())
  | "breaker-params" -> breaker_params := Some (read_breaker_params ())
  | request ->
      answer request;
      if !at <> Array.length !words then raise (Unreadable "the line is too long");
      Buffer.truncate out (Buffer.length out - 1);
      Buffer.add_char out '\n';
      if Buffer.length out > 60000 then (
        print_string (Buffer.contents out);
        Buffer.clear out)

let () =
  let count = ref 0 in
  try
    while true do
      let line = input_line stdin in
      incr count;
      try serve line
      with Unreadable why | Failure why ->
        Printf.eprintf "oracle: line %d: %s\n" !count why;
        exit 2
    done
  with End_of_file -> print_string (Buffer.contents out)
