// FXTesting
