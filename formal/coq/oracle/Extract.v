(** Extraction of the model to OCaml, twice over.

    OCaml's [int] has 63 bits, and the model's numbers do not fit: [integral_ppm_us * ONE] passes 2^71 with the default parameters. So [Z]
    becomes [Exact.t] (exact.ml): an [int] while it fits, checked in every operation, and beyond that the binary numbers of [BinInt] below,
    extracted as they are, whose arithmetic is the one that Coq's library proves. No number is ever cut off and no library of big numbers is
    trusted. [nat] occurs only as an index into lists of at most 240 entries, so [int] holds it. *)

From Coq Require Import ZArith List Extraction ExtrOcamlBasic ExtrOcamlNatInt.
From Dolphin.Model Require Import Ppm Params Factors Assessment Posture Governor Manual Breaker Account.

Extraction "binary.ml" Z.add Z.sub Z.mul Z.opp Z.div Z.modulo Z.compare.

Extract Inductive positive => "Exact.t" [ "Exact.twice_and_one" "Exact.twice" "Exact.one" ] "Exact.case_positive".
Extract Inductive Z => "Exact.t" [ "Exact.zero" "" "Exact.opp" ] "Exact.case".
Extract Constant Z.add => "Exact.add".
Extract Constant Z.sub => "Exact.sub".
Extract Constant Z.mul => "Exact.mul".
Extract Constant Z.opp => "Exact.opp".
Extract Constant Z.div => "Exact.div".
Extract Constant Z.modulo => "Exact.modulo".
Extract Constant Z.pow => "Exact.pow".
Extract Constant Z.leb => "Exact.leb".
Extract Constant Z.ltb => "Exact.ltb".
Extract Constant Z.eqb => "Exact.eqb".
Extract Constant Z.min => "Exact.min".
Extract Constant Z.max => "Exact.max".
Extract Constant Z.of_nat => "Exact.of_int".
Extract Constant Z.to_nat => "Exact.to_index".

Extraction "model.ml" assess govern latched unlatch forced restored grant vote operated decide operate.
