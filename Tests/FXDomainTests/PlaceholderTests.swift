import Testing

@Suite struct `FXDomain placeholder` {}
