---------------------- MODULE InventoryForeverMutants ----------------------
EXTENDS InventoryForever, InventoryMutants
=============================================================================
