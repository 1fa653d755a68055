(** The leverage entry of an account: the governor's grant under an operator's cut: [src/dolphin/core/control/account_gate.py].

    Reasons, causes and the five factors, which it hands on as they are, are left out. *)

From Coq Require Import ZArith Bool.
From Dolphin.Model Require Import Ppm Factors Posture Manual.
Open Scope Z_scope.

Module Account.
  Record t := {
    epoch : Z;
    seq : Z;
    time_ns : Z;
    expires_at_ns : Z;
    cap_ppm : Z;
    posture : Posture.posture;
    granted_ppm : Z;
    r_total_ppm : Z;
    is_passive_only : bool;
    source_epoch : Z;
    source_seq : Z;
    manual : Manual.t;
  }.
End Account.
Import Account.

(** A survival signal as it arrived. *)
Module Survival.
  Record t := {
    epoch : option Z;
    seq : option Z;
    issued_at_ns : option Z;
    expires_at_ns : option Z;
    posture : option Posture.posture;
    cap_ppm : option Z;
    r_total_ppm : option Z;
    is_passive_only : bool;
  }.
End Survival.

Definition or_zero (reading : option Z) : Z := match reading with Some x => x | None => 0 end.

(** (the state with its cap, epoch and seq, whether cap or posture changed). *)
Definition settled (before after : Account.t) : Account.t * bool :=
  let cap := Z.min (granted_ppm after) (mul MAX_LEVERAGE_PPM (cut_ppm (Manual.level (Account.manual after)))) in
  ({| epoch := next_epoch (epoch before) (seq before) (time_ns after);
      seq := seq before + 1;
      time_ns := time_ns after;
      expires_at_ns := expires_at_ns after;
      cap_ppm := cap;
      posture := posture after;
      granted_ppm := granted_ppm after;
      r_total_ppm := r_total_ppm after;
      is_passive_only := is_passive_only after;
      source_epoch := source_epoch after;
      source_seq := source_seq after;
      manual := Account.manual after |},
   negb (cap =? cap_ppm before) || negb (rank (posture after) =? rank (posture before)) || (seq before =? 0)).

(** A signal of kind "survival"; [None] is a refusal. *)
Definition decide (s : Account.t) (g : Survival.t) : option (Account.t * bool) :=
  match as_int (Survival.epoch g) 0 MAX_NS, as_int (Survival.seq g) 1 MAX_NS, as_int (Survival.issued_at_ns g) 0 MAX_NS with
  | Some epoch_of, Some seq_of, Some issued_ns =>
      if (epoch_of <? source_epoch s) || ((epoch_of =? source_epoch s) && (seq_of <=? source_seq s)) then None
      else
        let posture := match Survival.posture g with Some p => p | None => HIBERNATE end in
        Some (settled s
          {| epoch := epoch s;
             seq := seq s;
             time_ns := Z.max (time_ns s) issued_ns;
             expires_at_ns := match as_int (Survival.expires_at_ns g) 0 MAX_NS with Some at_ns => at_ns | None => issued_ns end;
             cap_ppm := cap_ppm s;
             posture := posture;
             granted_ppm := Z.min (or_zero (as_int (Survival.cap_ppm g) 0 MAX_LEVERAGE_PPM)) (posture_cap_ppm posture);
             r_total_ppm := or_zero (as_int (Survival.r_total_ppm g) 0 ONE);
             is_passive_only := Survival.is_passive_only g;
             source_epoch := epoch_of;
             source_seq := seq_of;
             manual := Account.manual s |})
  | _, _, _ => None
  end.

(** A signal of kind "manual"; [None] is a refusal. *)
Definition operate (s : Account.t) (seq_reading time_reading : option Z) (op : operation) : option (Account.t * bool) :=
  match Manual.manual (Account.manual s) seq_reading time_reading op with
  | None => None
  | Some (m, signal_ns) =>
      Some (settled s
        {| epoch := epoch s;
           seq := seq s;
           time_ns := Z.max (time_ns s) signal_ns;
           expires_at_ns := expires_at_ns s;
           cap_ppm := cap_ppm s;
           posture := posture s;
           granted_ppm := granted_ppm s;
           r_total_ppm := r_total_ppm s;
           is_passive_only := is_passive_only s;
           source_epoch := source_epoch s;
           source_seq := source_seq s;
           manual := m |})
  end.
