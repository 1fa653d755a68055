(* Whole numbers without a bound: an int while it fits in 62 bits and a sign, the binary numbers that Coq proved beyond that.

   Every operation checks that its result fits; if not, it is made by Binary, the extraction of Coq's BinInt. Division rounds down and the
   remainder has the divisor's sign, as in Coq and Python. min_int is kept out, so that a number that fits has an opposite that fits. *)

type t = Small of int | Wide of Binary.z

let zero = Small 0
let one = Small 1

let rec positive_of_int n : Binary.positive =
  if n = 1 then Binary.XH
  else if n land 1 = 1 then Binary.XI (positive_of_int (n lsr 1))
  else Binary.XO (positive_of_int (n lsr 1))

let widened = function
  | Wide z -> z
  | Small 0 -> Binary.Z0
  | Small n when n > 0 -> Binary.Zpos (positive_of_int n)
  | Small n -> Binary.Zneg (positive_of_int (-n))

(* The int of a positive number below 2^62, or None. *)
let int_of_positive p =
  let rec go (p : Binary.positive) weight bits =
    if bits > 61 then None
    else
      match p with
      | Binary.XH -> Some weight
      | Binary.XO p -> go p (weight lsl 1) (bits + 1)
      | Binary.XI p -> Option.map (fun rest -> rest lor weight) (go p (weight lsl 1) (bits + 1))
  in
  go p 1 0

let narrowed (z : Binary.z) =
  match z with
  | Binary.Z0 -> zero
  | Binary.Zpos p -> (match int_of_positive p with Some n -> Small n | None -> Wide z)
  | Binary.Zneg p -> (match int_of_positive p with Some n -> Small (-n) | None -> Wide z)

let wide operation a b = narrowed (operation (widened a) (widened b))

let add a b =
  match (a, b) with
  | Small x, Small y ->
      let sum = x + y in
      if (x >= 0) = (y >= 0) && (sum >= 0) <> (x >= 0) || sum = min_int then wide Binary.Z.add a b else Small sum
  | _ -> wide Binary.Z.add a b

let opp = function Small x -> Small (-x) | Wide z -> narrowed (Binary.Z.opp z)
let sub a b = add a (opp b)

let mul a b =
  match (a, b) with
  | Small x, Small y ->
      let product = x * y in
      if (abs x lor abs y) lsr 31 = 0 || x = 0 || (product / x = y && product <> min_int) then Small product
      else wide Binary.Z.mul a b
  | _ -> wide Binary.Z.mul a b

let div a b =
  match (a, b) with
  | Small x, Small y when y <> 0 ->
      let quotient = x / y in
      Small (if x mod y <> 0 && (x < 0) <> (y < 0) then quotient - 1 else quotient)
  | _ -> wide Binary.Z.div a b

let modulo a b =
  match (a, b) with
  | Small x, Small y when y <> 0 ->
      let rest = x mod y in
      Small (if rest <> 0 && (rest < 0) <> (y < 0) then rest + y else rest)
  | _ -> wide Binary.Z.modulo a b

let compare a b =
  match (a, b) with
  | Small x, Small y -> Int.compare x y
  | _ -> ( match Binary.Z.compare (widened a) (widened b) with Binary.Lt -> -1 | Binary.Eq -> 0 | Binary.Gt -> 1)

let leb a b = compare a b <= 0
let ltb a b = compare a b < 0
let eqb a b = compare a b = 0
let min a b = if leb a b then a else b
let max a b = if leb a b then b else a
let twice a = add a a
let twice_and_one a = add (twice a) one

let rec pow a = function
  | Small 0 -> one
  | Small n when n > 0 -> mul a (pow a (Small (n - 1)))
  | _ -> zero (* Coq: a negative exponent gives 0 *)

let of_int n = Small n
let to_index = function Small n -> Stdlib.max 0 n | Wide _ -> failwith "an index beyond every list"

(* Matches on a number: its sign and, for positives, their binary digits. *)
let case zero_case positive_case negative_case a =
  match compare a zero with 0 -> zero_case () | 1 -> positive_case a | _ -> negative_case (opp a)

let case_positive odd_case even_case one_case a =
  if eqb a one then one_case ()
  else
    let half = div a (Small 2) in
    if eqb (modulo a (Small 2)) one then odd_case half else even_case half

let ten = Small 10

let of_string text =
  match int_of_string_opt text with
  | Some n when n <> min_int -> Small n
  | _ ->
      let is_negative = text <> "" && text.[0] = '-' in
      let digits = if is_negative then String.sub text 1 (String.length text - 1) else text in
      let digit sum c =
        if c < '0' || c > '9' then failwith ("not a number: " ^ text);
        add (mul sum ten) (Small (Char.code c - Char.code '0'))
      in
      let size = String.fold_left digit zero digits in
      if is_negative then opp size else size

let rec to_string a =
  match a with
  | Small n -> string_of_int n
  | Wide _ when ltb a zero -> "-" ^ to_string (opp a)
  | Wide _ -> to_string (div a ten) ^ to_string (modulo a ten)
