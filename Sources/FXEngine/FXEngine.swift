// FXEngine
