import Testing

@Suite struct `FXFiles placeholder` {}
