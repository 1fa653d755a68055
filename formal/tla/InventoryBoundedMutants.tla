---------------------- MODULE InventoryBoundedMutants ----------------------
EXTENDS InventoryBounded, InventoryMutants
=============================================================================
