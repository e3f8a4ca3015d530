import Testing

@Suite struct `FXEngine placeholder` {}
