// FXSimulation
