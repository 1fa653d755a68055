(** Integer arithmetic in parts per million: [src/dolphin/core/units.py].

    [Z] is unbounded, as Python's [int] is; its division rounds down, as [//] does. A reading that is missing or is no integer is [None].
    Where Java repeats a rule on 64 bits, [proofs/Long.v] shows that nothing overflows. *)

From Coq Require Import ZArith List Bool.
Open Scope Z_scope.

Definition ONE : Z := 1000000.

Definition mul (a_ppm b_ppm : Z) : Z := a_ppm * b_ppm / ONE.

(** The reading if it is an int within [low, high]. *)
Definition as_int (reading : option Z) (low high : Z) : option Z :=
  match reading with
  | Some x => if (low <=? x) && (x <=? high) then Some x else None
  | None => None
  end.

(** [ONE] up to [nominal], then linear down to [floor_ppm] at [limit] and beyond. *)
Definition falling (x nominal limit floor_ppm : Z) : Z :=
  if x <=? nominal then ONE
  else if limit <=? x then floor_ppm
  else floor_ppm + (ONE - floor_ppm) * (limit - x) / (limit - nominal).

(** [floor_ppm] up to [limit], then linear up to [ONE] at [nominal] and beyond. *)
Definition rising (x limit nominal floor_ppm : Z) : Z :=
  if nominal <=? x then ONE
  else if x <=? limit then floor_ppm
  else floor_ppm + (ONE - floor_ppm) * (x - limit) / (nominal - limit).

(** The value of a table at knot [k]. *)
Definition knot (table : list Z) (k : Z) : Z := nth (Z.to_nat k) table 0.

Definition last_knot (table : list Z) : Z := Z.of_nat (length table) - 1.

(** The function whose value at [k * step] is the knot [k], linear between; constant beyond the last knot. *)
Definition interpolate (table : list Z) (step x : Z) : Z :=
  let k := x / step in
  let rest := x mod step in
  if last_knot table <=? k then knot table (last_knot table)
  else (knot table k * (step - rest) + knot table (k + 1) * rest) / step.
