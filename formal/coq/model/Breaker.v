(** The adaptive cut-off, votes on one asset to its cap: [src/dolphin/core/control/breaker.py].

    A source's name is a number, in the order in which the code sorts names; reasons and cause ids are left out. A vote here has a source, a
    seq and a time that could be read ([breaker.read_votes] drops the others); its other fields are as they arrived. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm Params Factors Posture Manual.
Import ListNotations BreakerParams.
Open Scope Z_scope.

Definition MAX_SOURCES : Z := 16.
Definition MAX_EPISODES : Z := 8.
Definition HOLD_STEP_NS : Z := 10000000000.
Definition TRIPS_ABOVE_PPM : list Z := [250000; 500000; 750000; 950000].
Definition UNKNOWN_PPM : Z := -1.
Definition INVARIANT : Z := 0.

Module Source.
  Record t := {
    name : Z;
    seq : Z;
    severity_ppm : Z;
    clears : Z;
    unclear : Z;
    expires_at_ns : Z;
  }.
End Source.

Module Vote.
  Record t := {
    source : Z;
    seq : Z;
    time_ns : Z;
    severity_reading : option Z;
    is_clear : bool;
    expires_reading : option Z;
  }.

  Definition severity_ppm (v : t) : Z :=
    match as_int (severity_reading v) UNKNOWN_PPM ONE with None => ONE | Some severity_ppm => severity_ppm end.
  Definition expires_at_ns (v : t) : Z :=
    match as_int (expires_reading v) 0 MAX_NS with None => time_ns v | Some expires_at_ns => expires_at_ns end.
End Vote.

Module Entry.
  Record t := {
    epoch : Z;
    seq : Z;
    time_ns : Z;
    expires_at_ns : Z;
    cap_ppm : Z;
    level : Z;
    is_latched : bool;
    hold_until_ns : Z;
    episodes_ns : list Z;
    manual : Manual.t;
    sources : list Source.t;
  }.
End Entry.
Import Entry.

Definition count {A} (l : list A) : Z := Z.of_nat (length l).

Definition level_of (severity_ppm : Z) : Z := count (filter (fun trip => trip <=? severity_ppm) TRIPS_ABOVE_PPM).

(** Noisy-or of severities, rounded up. *)
Definition calm (severities : list Z) : Z := fold_left (fun calm_ppm s => mul calm_ppm (ONE - s)) severities ONE.
Definition combined (severities : list Z) : Z := ONE - calm severities.

Definition find_source (name : Z) (sources : list Source.t) : option Source.t :=
  find (fun each => Source.name each =? name) sources.

Definition seq_of (s : Entry.t) (name : Z) : Z :=
  match find_source name (sources s) with Some each => Source.seq each | None => 0 end.

(** The sources with [new] in its place by name. *)
Fixpoint put (new : Source.t) (sources : list Source.t) : list Source.t :=
  match sources with
  | nil => [new]
  | each :: rest =>
      if Source.name new <? Source.name each then new :: sources
      else if Source.name new =? Source.name each then new :: rest
      else each :: put new rest
  end.

Definition reading (previous : option Source.t) (v : Vote.t) (p : BreakerParams.t) : Source.t :=
  let severity_ppm := Vote.severity_ppm v in
  let is_clear := Vote.is_clear v && (0 <=? severity_ppm) && (severity_ppm <? clear_ppm p) in
  let is_unclear := clear_ppm p <=? severity_ppm in
  let clears_before := match previous with Some each => Source.clears each | None => 0 end in
  let unclear_before := match previous with Some each => Source.unclear each | None => 0 end in
  {| Source.name := Vote.source v;
     Source.seq := Vote.seq v;
     Source.severity_ppm := severity_ppm;
     Source.clears := if is_clear then Z.min (clears_before + 1) (clears p) else 0;
     Source.unclear := (unclear_before * 2 + (if is_unclear then 1 else 0)) mod 8;
     Source.expires_at_ns := Vote.expires_at_ns v |}.

(** How many of the last three readings were unclear. *)
Definition unclear_count (u : Z) : Z := u mod 2 + u / 2 mod 2 + u / 4 mod 2.

Definition is_trip (each : Source.t) : bool :=
  (2 <=? unclear_count (Source.unclear each)) || (Source.name each =? INVARIANT) && (Source.unclear each mod 2 =? 1).

Definition last_episodes (episodes : list Z) : list Z := skipn (length episodes - Z.to_nat MAX_EPISODES) episodes.

Definition hold_ends (now_ns episodes : Z) (p : BreakerParams.t) : Z :=
  let hold := Z.min (hold_ns p * 2 ^ Z.max 0 (episodes - 1)) (hold_max_ns p) in
  - (- (now_ns + hold) / HOLD_STEP_NS) * HOLD_STEP_NS.

Definition with_level (s : Entry.t) (level : Z) (is_latched : bool) : Entry.t :=
  {| epoch := epoch s; seq := seq s; time_ns := time_ns s; expires_at_ns := expires_at_ns s; cap_ppm := cap_ppm s;
     level := level; is_latched := is_latched; hold_until_ns := hold_until_ns s; episodes_ns := episodes_ns s;
     manual := Entry.manual s; sources := sources s |}.

Definition with_manual (s : Entry.t) (epoch now_ns : Z) (m : Manual.t) : Entry.t :=
  {| epoch := epoch; seq := seq s; time_ns := now_ns; expires_at_ns := expires_at_ns s; cap_ppm := cap_ppm s;
     level := level s; is_latched := is_latched s; hold_until_ns := hold_until_ns s; episodes_ns := episodes_ns s;
     manual := m; sources := sources s |}.

(** The state with its hold begun or renewed, if the trip is more than one bad reading. *)
Definition held (s : Entry.t) (p : BreakerParams.t) : Entry.t :=
  if negb (existsb is_trip (sources s)) then s
  else
    let now_ns := time_ns s in
    let recent := filter (fun at_ns => now_ns - at_ns <? episode_window_ns p) (episodes_ns s) in
    let episodes := if is_latched s then recent else last_episodes (recent ++ [now_ns]) in
    {| epoch := epoch s; seq := seq s; time_ns := now_ns; expires_at_ns := expires_at_ns s; cap_ppm := cap_ppm s;
       level := level s; is_latched := true;
       hold_until_ns := Z.max (hold_until_ns s) (hold_ends now_ns (count episodes) p);
       episodes_ns := episodes; manual := Entry.manual s; sources := sources s |}.

Definition is_clear_now (now_ns : Z) (p : BreakerParams.t) (each : Source.t) : bool :=
  (clears p <=? Source.clears each) && (now_ns <? Source.expires_at_ns each).

Definition may_loosen (s : Entry.t) (p : BreakerParams.t) : bool :=
  negb (is_latched s && (time_ns s <? hold_until_ns s)) && forallb (is_clear_now (time_ns s) p) (sources s).

Definition loosened (s : Entry.t) : Entry.t :=
  let level := level s - 1 in with_level s level (if level =? 0 then false else is_latched s).

(** (sources, now, whether a source could not be remembered) after one more vote. *)
Definition remember (p : BreakerParams.t) (acc : list Source.t * Z * bool) (v : Vote.t) : list Source.t * Z * bool :=
  let '(sources, now_ns, has_overflow) := acc in
  let now_ns := Z.max now_ns (Vote.time_ns v) in
  match find_source (Vote.source v) sources with
  | None => if MAX_SOURCES <=? count sources then (sources, now_ns, true)
            else (put (reading None v p) sources, now_ns, has_overflow)
  | Some previous => if Source.seq previous <? Vote.seq v then (put (reading (Some previous) v p) sources, now_ns, has_overflow)
                     else (sources, now_ns, has_overflow)
  end.

(** Whether a source's severity counts: what just arrived does, even past its lease. *)
Definition is_counted (votes : list Vote.t) (now_ns : Z) (each : Source.t) : bool :=
  (0 <? Source.severity_ppm each)
  && (existsb (fun v => Vote.source v =? Source.name each) votes || (now_ns <? Source.expires_at_ns each)).

Definition target_level (votes : list Vote.t) (sources : list Source.t) (now_ns : Z) (has_overflow : bool) : Z :=
  if has_overflow then WORST_LEVEL
  else level_of (combined (map Source.severity_ppm (filter (is_counted votes now_ns) sources))).

(** The level and hold that follow from what is now remembered. *)
Definition decided (s : Entry.t) (target : Z) (p : BreakerParams.t) : Entry.t :=
  let s := if 0 <? target then held s p else s in
  if level s <? target then with_level s target (is_latched s)
  else if (target <? level s) && may_loosen s p then loosened s
  else s.

(** The state after newer votes; there is at least one. *)
Definition voted (s : Entry.t) (votes : list Vote.t) (p : BreakerParams.t) : Entry.t :=
  let '(remembered, now_ns, has_overflow) := fold_left (remember p) votes (sources s, time_ns s, false) in
  let before :=
    {| epoch := next_epoch (epoch s) (seq s) now_ns; seq := seq s; time_ns := now_ns;
       expires_at_ns := fold_right (fun v least => Z.min (Vote.expires_at_ns v) least)
                          (match votes with v :: _ => Vote.expires_at_ns v | nil => 0 end) votes;
       cap_ppm := cap_ppm s; level := level s; is_latched := is_latched s; hold_until_ns := hold_until_ns s;
       episodes_ns := episodes_ns s; manual := Entry.manual s; sources := remembered |} in
  decided before (target_level votes remembered now_ns has_overflow) p.

Definition entry_cap (s : Entry.t) : Z := mul MAX_LEVERAGE_PPM (cut_ppm (Z.max (level s) (Manual.level (Entry.manual s)))).

(** (the state with its cap and seq, whether the cap changed). *)
Definition accepted (before after : Entry.t) : Entry.t * bool :=
  let cap := entry_cap after in
  ({| epoch := epoch after; seq := seq before + 1; time_ns := time_ns after; expires_at_ns := expires_at_ns after; cap_ppm := cap;
      level := level after; is_latched := is_latched after; hold_until_ns := hold_until_ns after; episodes_ns := episodes_ns after;
      manual := Entry.manual after; sources := sources after |},
   negb (cap =? cap_ppm before) || (seq before =? 0)).

(** A signal of kind "vote"; [None] is a refusal. *)
Definition vote (s : Entry.t) (votes : list Vote.t) (p : BreakerParams.t) : option (Entry.t * bool) :=
  match filter (fun v => seq_of s (Vote.source v) <? Vote.seq v) votes with
  | nil => None
  | newer => Some (accepted s (voted s newer p))
  end.

(** A signal of kind "manual"; [None] is a refusal. *)
Definition operated (s : Entry.t) (seq_reading time_reading : option Z) (op : operation) : option (Entry.t * bool) :=
  match Manual.manual (Entry.manual s) seq_reading time_reading op with
  | None => None
  | Some (m, signal_ns) =>
      let now_ns := Z.max (time_ns s) signal_ns in
      Some (accepted s (with_manual s (next_epoch (epoch s) (seq s) now_ns) now_ns m))
  end.
