"""Car parks and kerb sections: register, prediction of free places, guidance over lots, DATEX II."""
