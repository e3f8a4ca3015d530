import Testing

@Suite struct `Tidy placeholder` {}
