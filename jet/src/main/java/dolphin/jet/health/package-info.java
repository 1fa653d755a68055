/** What proves that a part in the member is alive: its record in {@code SYSTEM_HEALTH}. */
package dolphin.jet.health;
