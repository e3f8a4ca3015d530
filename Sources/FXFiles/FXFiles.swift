// FXFiles
