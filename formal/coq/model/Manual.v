(** An operator's cut of an account or an asset: [src/dolphin/core/control/manual_cut.py]; and [leverage.next_epoch]. *)

From Coq Require Import ZArith List Bool.
From Dolphin.Model Require Import Ppm Factors.
Import ListNotations.
Open Scope Z_scope.

Definition WORST_LEVEL : Z := 4.

(** What each level leaves: the table [CUTS_PPM]. *)
Definition CUTS_PPM : list Z := [1000000; 750000; 450000; 200000; 0].
Definition cut_ppm (level : Z) : Z := nth (Z.to_nat level) CUTS_PPM 0.

Module Manual.
  Record t := { level : Z; seq : Z }.
End Manual.

(** A signal whose [by] and [op] could be read: a cut to a level, or a release. *)
Inductive operation := Cut (level : option Z) | Release.

(** (the cut after the signal, its market time), [None] when it is refused. *)
Definition manual (m : Manual.t) (seq time_ns : option Z) (op : operation) : option (Manual.t * Z) :=
  match as_int seq 1 MAX_NS, as_int time_ns 0 MAX_NS with
  | Some seq, Some time_ns =>
      if seq <=? Manual.seq m then None
      else
        let level := match op with
                     | Release => 0
                     | Cut level => match as_int level 1 WORST_LEVEL with None => WORST_LEVEL | Some level => level end
                     end in
        Some ({| Manual.level := level; Manual.seq := seq |}, time_ns)
  | _, _ => None
  end.

(** The epoch of an entry's next command: a new one when the entry is new or was restored. *)
Definition next_epoch (epoch seq now_ns : Z) : Z := if seq =? 0 then Z.max now_ns (epoch + 1) else epoch.
