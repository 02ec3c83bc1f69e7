-- Returns the ids of the credentials whose reset is due.
return resetsDue()
