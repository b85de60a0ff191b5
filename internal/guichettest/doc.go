// Package guichettest holds what tests of the house share: a clock that stands
// still, the folder of real files, homes that are closed and removed again,
// figures as people write them; and what faults are made with: hosts in network
// namespaces, relays between them, disks that fill, processes that are stopped
// and killed; and a real provider of accounts, where its distribution is at hand.
//
// It knows the words and no room, so every room's tests may use it. It does not
// fake a room: the rooms are tested as they are.
package guichettest
