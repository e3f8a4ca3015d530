import ArgumentParser
import Configuration

@main struct Fxbatch: AsyncParsableCommand {}
