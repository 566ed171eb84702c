"""What a server's manager runs by hand or by the clock."""
