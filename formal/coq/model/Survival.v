(** The survival controller as one step, readings to grant: [src/dolphin/core/control/survival.py]. *)

From Dolphin.Model Require Import Params Assessment Governor.

Module Controller.
  Record t := { memory : Memory.t; governed : State.t }.
End Controller.
Import Controller.

Definition step (s : Controller.t) (i : Inputs.t) (p : SurvivalParams.t) (g : GovernorParams.t)
  : Controller.t * (Demand.t * Grant.t) :=
  let '(m, demand) := assess (memory s) i p in
  let after := govern (governed s) demand g in
  ({| memory := m; governed := after |}, (demand, grant after)).
