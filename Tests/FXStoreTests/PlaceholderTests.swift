import Testing

@Suite struct `FXStore placeholder` {}
