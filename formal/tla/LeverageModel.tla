--------------------------- MODULE LeverageModel ---------------------------
(* The constants of Leverage: an automatic source that cuts and renews,     *)
(* and an operator who cuts to zero.                                       *)
EXTENDS Leverage, TLC

CONSTANTS Automatic, Operator

TwoSources == (Automatic :> <<1, 1>>) @@ (Operator :> <<0>>)
=============================================================================
