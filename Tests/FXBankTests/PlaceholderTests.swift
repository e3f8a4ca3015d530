import Testing

@Suite struct `FXBank placeholder` {}
