---------------------------- MODULE PostureModel ----------------------------
(* The constants of Posture: control.md's table in tenths.                 *)
EXTENDS Posture

Tenths == <<[below |-> 8, above |-> 9], [below |-> 4, above |-> 5], [below |-> 1, above |-> 2]>>

Caps == [p \in Postures |-> CASE p = APEX -> 60 [] p = STALKER -> 20 [] OTHER -> 0]
=============================================================================
