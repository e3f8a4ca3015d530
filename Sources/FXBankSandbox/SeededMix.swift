/// A well-mixed 64-bit word of a seed and some numbers: the same for the same input everywhere.
///
/// Each number is folded in with the finalizer of SplitMix64, so that neighbours share nothing.
func seededMix(_ seed: UInt64, _ numbers: UInt64...) -> UInt64 {
  var word = seed
  for number in [0] + numbers {
    word = (word ^ number) &+ 0x9e37_79b9_7f4a_7c15
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    word ^= word >> 31
  }
  return word
}
